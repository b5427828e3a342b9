"""From samples to latents: by an encoder's posterior, or by a generator's inverse."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import Tensor, nn

from genzoo.errors import CapabilityError
from genzoo.interfaces.networks import Encoder, InvertibleGenerator
from genzoo.interfaces.noise import Noise


def find_encoder(parts: Iterable[nn.Module]) -> Encoder | InvertibleGenerator | None:
    """The part that maps samples to latents: an encoder before an invertible generator."""
    found = list(parts)
    for kind in (Encoder, InvertibleGenerator):
        for part in found:
            if isinstance(part, kind):
                return part
    return None


def require_encoder(parts: Iterable[nn.Module], model: str) -> Encoder | InvertibleGenerator:
    """The part that maps samples to latents.

    Raises:
        CapabilityError: `model` has none.
    """
    part = find_encoder(parts)
    if part is None:
        raise CapabilityError(
            f"{model} cannot encode or reconstruct: it has no encoder, and its generator has no "
            "inverse.",
            "Use a model that can, such as a VAE: see genzoo models.",
        )
    return part


def require_inverse(parts: Iterable[nn.Module], model: str) -> InvertibleGenerator:
    """The invertible generator.

    Raises:
        CapabilityError: `model` has none.
    """
    for part in parts:
        if isinstance(part, InvertibleGenerator):
            return part
    raise CapabilityError(
        f"{model} has no exact density: its generator has no inverse.",
        "Use a normalising flow: see genzoo architectures.",
    )


def mode_of(part: Encoder | InvertibleGenerator) -> Callable[[Tensor, Tensor | None], Tensor]:
    """Maps samples and labels to the most likely latents; an inverse knows but one for each."""
    if isinstance(part, Encoder):
        return lambda x, labels: part(x, labels).mode()
    return lambda x, labels: part.inverse(x, labels)[0]


def draw_posterior(
    part: Encoder | InvertibleGenerator, x: Tensor, labels: Tensor | None, noise: Noise
) -> Tensor:
    """One latent for each of the samples (N, *sample shape), (N, *latent shape).

    It is drawn from the encoder's posterior with `noise`; an inverse knows but one.
    """
    if isinstance(part, Encoder):
        return part(x, labels).rsample(noise)
    return part.inverse(x, labels)[0]
