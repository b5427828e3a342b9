"""From latents to samples: by a generator, or by a decoder's likelihood."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from inspect import signature
from typing import cast

import torch
from torch import Tensor, nn

from genzoo.errors import CapabilityError, UsageError
from genzoo.interfaces.architecture import Architecture
from genzoo.interfaces.networks import Decoder, Generator, StyleGenerator
from genzoo.interfaces.noise import Noise, SampleNoise
from genzoo.model.batches import Run, slices
from genzoo.model.latent_paths import check_truncation


def find_decoder(parts: Iterable[nn.Module], model: str) -> Generator | Decoder:
    """The part that maps latents to samples.

    Raises:
        CapabilityError: `model` has none.
    """
    for part in parts:
        if isinstance(part, Generator | Decoder):
            return part
    raise CapabilityError(f"{model} has neither a generator nor a decoder.")


def check_temperature(temperature: float, architecture: Architecture, model: str) -> None:
    """Refuse a temperature that has no meaning.

    Raises:
        CapabilityError: The samples of `model` are not draws from a likelihood.
        UsageError: It is negative or not finite.
    """
    if not (math.isfinite(temperature) and temperature >= 0.0):
        raise UsageError(f"The temperature must be 0 or above, not {temperature}.")
    if temperature != 1.0 and not architecture.draws_samples:
        raise CapabilityError(
            f"{model} has no temperature: its samples are not draws from a likelihood.",
            "Leave the temperature out.",
        )


def truncating(
    parts: Iterable[nn.Module], truncation: float, truncated_layers: int | None
) -> Run | None:
    """Maps latents to samples of truncated styles; None where latents are what is truncated.

    Args:
        parts: Of the model.
        truncation: Above 0 and at most 1; 1 leaves styles alone.
        truncated_layers: How many layers get truncated styles; None for all.

    Raises:
        UsageError: A value out of bounds, or layers of a model that has no styles.
    """
    styled = next((part for part in parts if isinstance(part, StyleGenerator)), None)
    if styled is None and truncated_layers is not None:
        raise UsageError("This model has no styles, of which some layers' could be truncated.")
    if truncated_layers is not None and truncated_layers < 0:
        raise UsageError(f"The number of truncated layers is 0 or more, not {truncated_layers}.")
    if styled is None or truncation == 1.0:
        return None
    check_truncation(truncation)
    part = styled
    return lambda z, labels: part.synthesise(part.styles(z, labels, truncation, truncated_layers))


def draws_noise(part: Generator | Decoder, architecture: Architecture) -> bool:
    """Whether more than the latents is drawn for a sample."""
    if isinstance(part, Generator):
        return type(part).sample is not Generator.sample
    return architecture.draws_samples


def best_of(part: Generator | Decoder, architecture: Architecture) -> Run:
    """Maps latents to what stands for their samples: no noise is drawn."""
    if isinstance(part, Generator):
        return part
    if architecture.draws_samples:
        return lambda z, labels: part(z, labels).mode()
    return lambda z, labels: part(z, labels).mean()


def draw_of(
    part: Generator | Decoder, noises: Iterator[Noise], temperature: float, model: str
) -> Run:
    """Maps latents to draws, batch after batch: from likelihoods, or with a generator's own noise.

    Args:
        part: What decodes.
        noises: Randomness for the rows of each batch.
        temperature: As for `Likelihood.sample`.
        model: What to call the model in errors.

    Raises:
        CapabilityError: When called, for a likelihood that knows no temperature.
    """
    if isinstance(part, Generator):
        return lambda z, labels: part.sample(z, labels, next(noises))

    def run(z: Tensor, labels: Tensor | None) -> Tensor:
        likelihood, noise = part(z, labels), next(noises)
        if temperature == 1.0:
            return cast(Tensor, likelihood.sample(noise))
        if "temperature" not in signature(likelihood.sample).parameters:
            raise CapabilityError(
                f"{model} has no temperature: its likelihood takes none.",
                "Leave the temperature out.",
            )
        return cast(Tensor, likelihood.sample(noise, temperature))

    return run


def noise_by_batch(
    seed: int, numbers: range, batch_size: int, device: torch.device
) -> Iterator[Noise]:
    """What the samples of those numbers are drawn with beside their latents, batch after batch."""
    for index in slices(len(numbers), batch_size):
        yield SampleNoise(seed, numbers[index], device, "likelihood")
