"""What the objectives ask of the networks."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from genzoo import CapabilityError, Decoder, Encoder, Quantiser


def check_autoencoder(parts: Mapping[str, nn.Module], objective: str) -> None:
    """Refuse `parts` without an encoder and a decoder under these names.

    Raises:
        CapabilityError: Says which one is missing.
    """
    for name, kind in (("encoder", Encoder), ("decoder", Decoder)):
        if not isinstance(parts.get(name), kind):
            raise CapabilityError(
                f"The objective {objective} trains a variational autoencoder, and these networks "
                f"have no {name}.",
                "Use it with an architecture such as conv-vae.",
            )


def check_densities(parts: Mapping[str, nn.Module], objective: str) -> None:
    """Refuse `parts` whose posteriors are codes, which have no density.

    Raises:
        CapabilityError: They are.
    """
    if any(isinstance(layer, Quantiser) for part in parts.values() for layer in part.modules()):
        raise CapabilityError(
            f"The objective {objective} needs posteriors with a density, and these are codes.",
            "Use --objective autoencoder.",
        )
