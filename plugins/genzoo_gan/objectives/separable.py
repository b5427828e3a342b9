"""Refusing discriminators whose logits have no gradient of their own."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from genzoo import CapabilityError


def require_separable(parts: Mapping[str, nn.Module], objective: str) -> None:
    """Check that each logit of the discriminator depends on its own sample alone.

    Raises:
        CapabilityError: It couples the batch, so the penalty would mix samples.
    """
    if getattr(parts["discriminator"], "couples_batch", False):
        raise CapabilityError(
            f"{objective} penalises the gradient of each sample's own logit, and this "
            "discriminator mixes the batch (dcgan's does so through batch normalisation).",
            "Use architecture convgan or r3gan, or objective gan, lsgan or hinge.",
        )
