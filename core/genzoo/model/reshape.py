"""The same networks for samples of another shape, where they take any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from pydantic import ValidationError
from torch import Tensor, nn

from genzoo.errors import CapabilityError, SpecError, UsageError
from genzoo.interfaces.kind import Kind
from genzoo.model.model import Model
from genzoo.specs import SampleSpec
from genzoo.torch_globals import plain_modes


@plain_modes()
def reshape(model: Model, shape: tuple[int, ...]) -> Model:
    """A model for samples of `shape`, which shares the parts of `model`.

    Fitted priors are left behind: they are of latents of one shape.

    Args:
        model: One whose architecture takes samples of any shape, such as a convolutional
            autoencoder.
        shape: Shape of one sample; images are (channels, height, width). Channels stay.

    Raises:
        CapabilityError: The architecture does not.
        SpecError: It cannot model samples of that shape; says which it can.
        UsageError: That is the shape of no sample, or has other channels.
    """
    if shape == model.sample_spec.shape:
        return model
    if not model.architecture.any_shape:
        raise CapabilityError(
            f"{model.architecture_name} models samples of shape {model.sample_spec.shape} alone.",
            "Leave the size out.",
        )
    if len(shape) != len(model.sample_spec.shape) or shape[0] != model.sample_spec.shape[0]:
        raise UsageError(
            f"{model.architecture_name} cannot be made to model samples of shape {shape}."
        )
    architecture = type(model.architecture)(
        model.architecture.config, _with_shape(model.sample_spec, shape)
    )
    parts = cast(Mapping[str, nn.Module], dict(model.parts.items()))
    return Model(
        model.architecture_name,
        architecture,
        parts,
        kind=lambda: _refitted(model.kind, architecture.sample),
        name=model.name,
    ).to(model.device)


def reshape_for_latents(model: Model, latent: tuple[int, ...]) -> Model:
    """A model for the samples whose latents are of that shape.

    Sides of samples and latents are taken to be in proportion, as those of convolutions are.

    Raises:
        CapabilityError, SpecError, UsageError: As `reshape`.
    """
    sample, own = model.sample_spec.shape, model.latent_spec.shape
    if latent == own or not model.architecture.any_shape or len(latent) != len(own):
        return model
    sides = zip(sample[1:], own[1:], latent[1:], strict=True)
    shape = (sample[0], *(full * new // side for full, side, new in sides))
    made = reshape(model, shape)
    if made.latent_spec.shape != latent:
        raise SpecError(f"{model.architecture_name} has no latents of shape {latent}.")
    return made


def check_rows(model: Model, rows: Tensor, what: Literal["latents", "samples"]) -> None:
    """Refuse samples or latents (N, ...) that the model's parts cannot take.

    Raises:
        SpecError: The model takes other shapes, but not this one; says which it can.
        UsageError: There are none, or the model takes another shape alone.
    """
    own = (model.latent_spec if what == "latents" else model.sample_spec).shape
    shape = tuple(rows.shape[1:])
    if len(rows) and shape == own:
        return
    if not (len(rows) and model.architecture.any_shape and len(shape) == len(own)):
        raise UsageError(
            f"{model.architecture_name} takes {what} of shape (N, {', '.join(map(str, own))}), "
            f"not {tuple(rows.shape)}."
        )
    if what == "latents":
        reshape_for_latents(model, shape)
    else:
        reshape(model, shape)


def _refitted(kind: Kind, sample: SampleSpec) -> Kind:
    """The kind with options for such samples, as far as it has any."""
    try:
        return type(kind)(kind.options_for_spec(sample))
    except SpecError:
        return kind


def _with_shape(sample: SampleSpec, shape: tuple[int, ...]) -> SampleSpec:
    try:
        return SampleSpec.model_validate({**sample.model_dump(), "shape": shape})
    except ValidationError as error:
        raise UsageError(f"There are no samples of shape {shape}.") from error
