"""Styles of models that have them: samples made of them, moved in them, and mixed."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo.errors import CapabilityError, UsageError
from genzoo.interfaces.networks import StyleGenerator
from genzoo.model.batches import evaluating
from genzoo.model.decoding import find_decoder
from genzoo.model.directions import Directions
from genzoo.model.model import Model
from genzoo.system.torch_globals import plain_inference

_BATCH = 16


def style_generator(model: Model) -> StyleGenerator:
    """The model's generator.

    Raises:
        CapabilityError: It has no styles.
    """
    part = find_decoder(model.parts.values(), model.architecture_name)
    if not isinstance(part, StyleGenerator):
        raise CapabilityError(
            f"{model.architecture_name} has no styles.", "Use a model of stylegan2 or stylegan3."
        )
    return part


def holds_styles(model: Model, latents: Tensor) -> bool:
    """Whether these are styles of the model (N, style_count, style_dim), not its latents."""
    part = find_decoder(model.parts.values(), model.architecture_name)
    if not isinstance(part, StyleGenerator):
        return False
    return tuple(latents.shape[1:]) == (part.style_count, part.style_dim)


@plain_inference()
def synthesise(model: Model, styles: Tensor) -> Tensor:
    """Samples (N, *sample shape) of styles (N, style_count, style_dim).

    Raises:
        CapabilityError: The model has no styles.
        UsageError: They are of another shape.
    """
    part = style_generator(model)
    if styles.shape[1:] != (part.style_count, part.style_dim):
        raise UsageError(
            f"The model takes styles of shape ({part.style_count}, {part.style_dim}), not "
            f"{tuple(styles.shape[1:])}."
        )
    with evaluating(model):
        pieces = styles.to(model.device).split(_BATCH)
        return torch.cat([part.synthesise(rows) for rows in pieces])


@plain_inference()
def mix_styles(
    model: Model, coarse: Tensor, fine: Tensor, split: int, labels: Tensor | None = None
) -> Tensor:
    """Samples whose first layers have the styles of some latents and whose others those of others.

    Karras et al. 2019 (arXiv:1812.04948), section 3.1.

    Args:
        model: A model with styles.
        coarse: Latents (N, *latent shape) for the layers before `split`.
        fine: Latents (N, *latent shape) for the layers from `split` on.
        split: From 0, which takes all of `fine`, to the number of layers.
        labels: Class indices (N,), for a model with classes.

    Raises:
        CapabilityError: The model has no styles.
        UsageError: There is no such layer.
    """
    part = style_generator(model)
    if not 0 <= split <= part.style_count:
        raise UsageError(f"The model has layers 0 to {part.style_count}, not {split}.")
    with evaluating(model):
        first, second = (part.styles(z.to(model.device), labels) for z in (coarse, fine))
        return synthesise(model, torch.cat([first[:, :split], second[:, split:]], dim=1))


@plain_inference()
def edit(
    model: Model,
    latents: Tensor,
    directions: Directions,
    amounts: dict[int, float],
    labels: list[int] | None = None,
) -> Tensor:
    """Samples (N, *sample shape) of latents that are moved along directions.

    Args:
        model: The model that the directions are of.
        latents: (N, *latent shape), or styles (N, style_count, style_dim).
        directions: Of the same latents, or of styles, which are moved in all layers.
        amounts: In deviations, by number of direction.
        labels: Class indices (N,), for a model with classes.

    Raises:
        UsageError: There is no such direction, or they are of another model.
    """
    step = directions.step(amounts).to(model.device)
    part = find_decoder(model.parts.values(), model.architecture_name)
    if isinstance(part, StyleGenerator):
        styles = latents.to(model.device)
        if styles.shape[1:] == model.latent_spec.shape:
            known = torch.tensor(labels, device=model.device) if labels else None
            with evaluating(model):
                styles = part.styles(styles, known)
        return synthesise(model, styles + step)
    if step.shape != latents.shape[1:]:
        raise UsageError("The directions are of latents of another shape.")
    return model.decode(latents.to(model.device) + step, labels)
