"""Which shapes an architecture takes: its own, or any where it is convolutional."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationError
from torch import Tensor

from genzoo.errors import CapabilityError, SpecError, UsageError
from genzoo.interfaces.architecture import Architecture
from genzoo.specs import SampleSpec
from genzoo.system.torch_globals import plain_modes


@plain_modes()
def fit_samples(architecture: Architecture, name: str, shape: tuple[int, ...]) -> Architecture:
    """The architecture for samples of that shape.

    Args:
        architecture: One for samples of any shape, such as a convolutional autoencoder.
        name: What to call it in messages.
        shape: Shape of one sample; images are (channels, height, width). Channels stay.

    Raises:
        CapabilityError: It takes the shape that it was made for alone.
        SpecError: It cannot model samples of that shape; says which it can.
        UsageError: That is the shape of no sample, or has other channels.
    """
    own = architecture.sample
    if shape == own.shape:
        return architecture
    if not architecture.any_shape:
        raise CapabilityError(
            f"{name} models samples of shape {own.shape} alone.", "Leave the size out."
        )
    if len(shape) != len(own.shape) or shape[0] != own.shape[0]:
        raise UsageError(f"{name} cannot be made to model samples of shape {shape}.")
    try:
        sample = SampleSpec.model_validate({**own.model_dump(), "shape": shape})
    except ValidationError as error:
        raise UsageError(f"There are no samples of shape {shape}.") from error
    return type(architecture)(architecture.config, sample)


def fit_latents(architecture: Architecture, name: str, latent: tuple[int, ...]) -> Architecture:
    """The architecture for the samples whose latents are of that shape.

    Sides of samples and latents are taken to be in proportion, as those of convolutions are.

    Raises:
        CapabilityError, SpecError, UsageError: As `fit_samples`.
    """
    sample, own = architecture.sample.shape, architecture.latent.shape
    if latent == own or not architecture.any_shape or len(latent) != len(own):
        return architecture
    sides = zip(sample[1:], own[1:], latent[1:], strict=True)
    shape = (sample[0], *(full * new // side for full, side, new in sides))
    fitted = fit_samples(architecture, name, shape)
    if fitted.latent.shape != latent:
        raise SpecError(f"{name} has no latents of shape {latent}.")
    return fitted


def check_rows(
    architecture: Architecture, name: str, rows: Tensor, what: Literal["latents", "samples"]
) -> None:
    """Refuse samples or latents (N, ...) that a model's parts cannot take.

    Raises:
        SpecError: It takes other shapes, but not this one; says which it can.
        UsageError: There are none, or it takes another shape alone.
    """
    own = (architecture.latent if what == "latents" else architecture.sample).shape
    shape = tuple(rows.shape[1:])
    if len(rows) and shape == own:
        return
    if not (len(rows) and architecture.any_shape and len(shape) == len(own)):
        raise UsageError(
            f"{name} takes {what} of shape (N, {', '.join(map(str, own))}), "
            f"not {tuple(rows.shape)}."
        )
    fit = fit_latents if what == "latents" else fit_samples
    fit(architecture, name, shape)
