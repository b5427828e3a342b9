"""What both objectives ask of the networks."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from genzoo import CapabilityError, Decoder, Encoder


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
