"""Directions in which latents, or styles, change what a model makes.

Three ways to find them: the principal components of styles or of what the first layer makes of
latents (Härkönen et al. 2020, arXiv:2004.02546), the closed-form factorisation of the first layer
(Shen and Zhou 2021, arXiv:2007.06600), and the difference of the means of two sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from genzoo.errors import CapabilityError, UsageError
from genzoo.interfaces.networks import StyleGenerator
from genzoo.model.batches import evaluating
from genzoo.model.decoding import find_decoder
from genzoo.model.model import Model
from genzoo.system.torch_globals import own_draws, plain_inference

Way = Literal["components", "factorisation", "difference"]

DRAWS = 4096
"""Latents that principal components are found of."""

_BATCH = 256
_AFFINE = "affine"
"""In the names of the layers that make a modulation of a style, as in NVIDIA's networks."""


@dataclass(frozen=True)
class Directions:
    """Unit vectors, the most important one first.

    Attributes:
        vectors: (K, *latent shape), or (K, style_dim) where the model has styles.
        deviations: How far latents spread along each, which amounts count in, (K,).
        way: How they were found.
    """

    vectors: Tensor
    deviations: Tensor
    way: Way

    def __len__(self) -> int:
        return len(self.vectors)

    def step(self, amounts: Mapping[int, float]) -> Tensor:
        """What is added for these amounts, in deviations, by number of direction.

        Raises:
            UsageError: There is no direction of that number.
        """
        total = torch.zeros_like(self.vectors[0])
        for number, amount in amounts.items():
            if not 0 <= number < len(self):
                raise UsageError(
                    f"There is no direction {number}: they are numbered from 0 to {len(self) - 1}."
                )
            total = total + amount * self.deviations[number] * self.vectors[number]
        return total


@plain_inference()
def find_directions(
    model: Model, way: Way = "components", count: int = 16, *, seed: int = 0
) -> Directions:
    """The most important directions of a model's latents, or of its styles where it has them.

    Args:
        model: The model; of one with classes, the first class is looked at.
        way: `components` or `factorisation`.
        count: How many, at most as many as there are dimensions.
        seed: Names the latents that are drawn.

    Raises:
        CapabilityError: The model has no first layer that can be looked into.
        UsageError: The count is not at least 1, or the way is another.
    """
    if count < 1 or way not in ("components", "factorisation"):
        raise UsageError("Directions are found by components or factorisation, one at least.")
    part = find_decoder(model.parts.values(), model.architecture_name)
    with evaluating(model), own_draws(seed):
        if isinstance(part, StyleGenerator):
            return _of_styles(model, part, way, count, seed)
        return _of_latents(model, part, way, count, seed)


def difference(first: Tensor, second: Tensor) -> Directions:
    """The direction from the mean of some latents to that of others, (N, *shape) and (M, *shape).

    An amount of 1 is the whole way.

    Raises:
        UsageError: One of them is empty, or their shapes differ.
    """
    if not len(first) or not len(second) or first.shape[1:] != second.shape[1:]:
        raise UsageError("Two sets of latents of one shape are needed, neither of them empty.")
    way = second.float().mean(0) - first.float().mean(0)
    length = way.norm().clamp_min(1e-12)
    return Directions((way / length)[None], length[None], "difference")


def _of_latents(model: Model, part: nn.Module, way: Way, count: int, seed: int) -> Directions:
    shape = model.latent_spec.shape
    flat = int(torch.Size(shape).numel())
    if way == "factorisation":
        # An affine layer is known from what it makes of zero and of each unit vector.
        units = torch.eye(flat, device=model.device)
        probes = torch.cat([torch.zeros(1, flat, device=model.device), units])
        made = _first_layer(model, part, probes.view(-1, *shape)).flatten(1)
        _, _, right = torch.linalg.svd(made[1:].T - made[:1].T, full_matrices=False)
        vectors = right[:count]
        return Directions(vectors.view(-1, *shape), torch.ones(len(vectors)), way)
    z = model.draw_latents(DRAWS, seed=seed)
    made = _first_layer(model, part, z).flatten(1)
    centred, z = made - made.mean(0), z.flatten(1)
    z = z - z.mean(0)
    rank = min(count, flat)
    left, sizes, _ = torch.svd_lowrank(centred, q=min(rank + 8, *centred.shape), niter=4)
    # The latent that goes with a coordinate: least squares, the coordinates being uncorrelated.
    coordinates = left[:, :rank] * sizes[:rank]
    found = (coordinates / sizes[:rank].square()).T @ z
    vectors = nn.functional.normalize(found, dim=1)
    deviations = (z @ vectors.T).std(0)
    return Directions(vectors.view(-1, *shape).cpu(), deviations.cpu(), way)


def _first_layer(model: Model, part: nn.Module, z: Tensor) -> Tensor:
    """What the first layer with weights that is called makes of latents, (N, ...)."""
    found: list[Tensor] = []

    def keep(_: nn.Module, __: object, output: object) -> None:
        if not found and isinstance(output, Tensor) and len(output) == size:
            found.append(output.detach().float().cpu().clone())

    leaves = [
        each for each in part.modules() if not list(each.children()) and list(each.parameters())
    ]
    leaves = [each for each in leaves if not isinstance(each, nn.Embedding)]
    handles = [each.register_forward_hook(keep) for each in leaves]
    pieces = []
    try:
        for start in range(0, len(z), _BATCH):
            rows = z[start : start + _BATCH]
            size = len(rows)
            labels = torch.zeros(size, dtype=torch.long, device=z.device)
            part(rows, labels if model.sample_spec.classes else None)
            if not found:
                raise CapabilityError(
                    f"{model.architecture_name} has no first layer that can be looked into."
                )
            pieces.append(found.pop())
    finally:
        for handle in handles:
            handle.remove()
    return torch.cat(pieces)


def _of_styles(model: Model, part: StyleGenerator, way: Way, count: int, seed: int) -> Directions:
    z = model.draw_latents(DRAWS, seed=seed)
    labels = torch.zeros(len(z), dtype=torch.long, device=z.device)
    w = part.styles(z, labels if model.sample_spec.classes else None)[:, 0].float()
    centred = w - w.mean(0)
    if way == "factorisation":
        weights = [
            tensor.float()
            for name, tensor in part.named_parameters()
            if _AFFINE in name and tensor.ndim == 2 and tensor.shape[1] == part.style_dim
        ]
        if not weights:
            raise CapabilityError(
                f"{model.architecture_name} does not show the layers that take styles.",
                "Use components.",
            )
        _, _, right = torch.linalg.svd(torch.cat(weights), full_matrices=False)
    else:
        _, _, right = torch.linalg.svd(centred, full_matrices=False)
    vectors = right[:count]
    return Directions(vectors.cpu(), (centred @ vectors.T).std(0).cpu(), way)
