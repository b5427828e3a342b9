"""The same networks for samples of another shape, where they take any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from torch import nn

from genzoo.errors import SpecError
from genzoo.interfaces.kind import Kind
from genzoo.model.model import Model
from genzoo.model.shape_checks import fit_latents, fit_samples
from genzoo.specs import SampleSpec
from genzoo.system.torch_globals import plain_modes


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
    architecture = fit_samples(model.architecture, model.architecture_name, shape)
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
    fitted = fit_latents(model.architecture, model.architecture_name, latent)
    return reshape(model, fitted.sample.shape)


def _refitted(kind: Kind, sample: SampleSpec) -> Kind:
    """The kind with options for such samples, as far as it has any."""
    try:
        return type(kind)(kind.options_for_spec(sample))
    except SpecError:
        return kind
