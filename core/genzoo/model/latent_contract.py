"""Whose latents some latents are, and which other models they mean the same to."""

from __future__ import annotations

import hashlib

import torch
from pydantic import Field
from torch import Tensor

from genzoo.errors import UsageError
from genzoo.model.model import Model
from genzoo.specs import UNNAMED, Config, LatentSpec


class LatentContract(Config):
    """What is kept with latents in a file.

    Attributes:
        architecture: Full name of that of the model that made them.
        weights: Hash of its parts, as half precision has them.
        latent: Contract of its latents.
    """

    architecture: str = Field(max_length=200)
    weights: str = Field(max_length=200)
    latent: LatentSpec


def contract_of(model: Model) -> LatentContract:
    """That of the latents which `model` makes and takes."""
    return LatentContract(
        architecture=model.architecture_name, weights=_weights(model), latent=model.latent_spec
    )


def adapted(z: Tensor, made_by: LatentContract, model: Model) -> Tensor:
    """Latents (N, *latent shape) of one model in the units of another.

    Those of the same weights stay as they are. Autoencoders of one diffusion model have the same
    latents but for scale and shift, which are undone and done.

    Args:
        z: As the model of the contract gave them.
        made_by: Its contract.
        model: That is to decode them.

    Raises:
        UsageError: They mean nothing to `model`.
    """
    own = model.latent_spec
    if made_by.architecture == model.architecture_name and made_by.weights == _weights(model):
        return z
    if not one_space(made_by.latent, own):
        raise UsageError(
            f"These latents are of other weights, of {made_by.architecture}: they mean nothing to "
            f"this {model.architecture_name}.",
            "Decode them with the model that encoded them.",
        )
    given = made_by.latent
    diffusion = (z - given.shift_factor) * given.scaling_factor
    return diffusion / own.scaling_factor + own.shift_factor


def one_space(first: LatentSpec, second: LatentSpec) -> bool:
    """Whether two contracts are of one latent space, as far as they say it."""
    if not (first.space and second.space) or first.shape[0] != second.shape[0]:
        return False
    if first.space != second.space and UNNAMED not in (first.space, second.space):
        return False
    # The factors of raw latents are statistics of their space; those scaled already have none.
    factors = {
        (spec.scaling_factor, spec.shift_factor)
        for spec in (first, second)
        if (spec.scaling_factor, spec.shift_factor) != (1.0, 0.0)
    }
    return len(factors) < 2


def _weights(model: Model) -> str:
    """SHA-256 of the parts: of half precision, in which a copy of a model may be stored."""
    state = hashlib.sha256()
    for name, tensor in sorted(model.parts.state_dict().items()):
        state.update(f"{name} {tuple(tensor.shape)}\n".encode())
        values = tensor.detach().cpu().to(torch.float16).contiguous()
        state.update(values.reshape(-1).view(torch.uint8).numpy().data)
    return f"sha256:{state.hexdigest()}"
