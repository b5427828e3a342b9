"""DiffAugment: augmentation of real and fake alike that gradients flow through.

Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training" (arXiv:2006.10738).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from genzoo import Noise
from genzoo_gan.configs import OPERATIONS

ALPHA_CHANNELS = 4
"""Channels of images with alpha; no others have so many."""

FEW = 5000
"""Under so many training samples, the policy `auto` augments."""


class DiffAugment:
    """Random colour, place and a hole, drawn anew for every sample.

    Colours of images with alpha are multiplied by it, and so is what is added to them. What moves
    in is mid-grey, or transparent where there is alpha.

    Args:
        operations: Some of `OPERATIONS`; none leaves the samples as they are.
        span: Width of the samples' value range, which brightness offsets are scaled by.
        low: Least value of a sample.
    """

    def __init__(self, operations: tuple[str, ...], span: float, low: float = -1.0) -> None:
        self.operations = tuple(name for name in OPERATIONS if name in operations)
        self.span = span
        self.low = low

    def __call__(self, x: Tensor, noise: Noise) -> Tensor:
        """Augment images (N, C, H, W). Values may leave the range, as brightness goes both ways."""
        if not self.operations:
            return x
        alpha = x.shape[1] == ALPHA_CHANNELS
        x = x - self.low if alpha else x
        recolour = _color_with_alpha if alpha else _color
        for name in self.operations:
            x = recolour(x, noise, self.span) if name == "color" else _PLACES[name](x, noise)
        return x + self.low if alpha else x


def resolve_policy(policy: str, data_count: int) -> tuple[str, ...]:
    """The operations of a configured policy, given the number of training samples."""
    if policy == "auto":
        return OPERATIONS if data_count < FEW else ()
    return () if policy == "none" else tuple(policy.split(","))


def _color(x: Tensor, noise: Noise, span: float) -> Tensor:
    """Brightness by up to a quarter of the range, saturation in [0, 2), contrast in [0.5, 1.5)."""
    brightness, saturation, contrast = (noise.uniform(1, 1, 1).to(x.dtype) for _ in range(3))
    x = x + (brightness - 0.5) * (span / 2)
    x = _away_from(x.mean(dim=1, keepdim=True), x, saturation * 2)
    return _away_from(x.mean(dim=(1, 2, 3), keepdim=True), x, contrast + 0.5)


def _color_with_alpha(x: Tensor, noise: Noise, span: float) -> Tensor:
    """The same for images from 0, whose colours are multiplied by their alpha in the last channel.

    All of it is linear in colours and alpha, so colours stay multiplied.
    """
    brightness, saturation, contrast = (noise.uniform(1, 1, 1).to(x.dtype) for _ in range(3))
    colours, alpha = x[:, :3], x[:, 3:]
    colours = colours + (brightness - 0.5) / 2 * alpha
    colours = _away_from(colours.mean(dim=1, keepdim=True), colours, saturation * 2)
    covered = alpha.mean(dim=(1, 2, 3), keepdim=True).clamp_min(1e-3 * span)
    mean = colours.mean(dim=(1, 2, 3), keepdim=True) / covered * alpha
    return torch.cat([_away_from(mean, colours, contrast + 0.5), alpha], dim=1)


def _away_from(mean: Tensor, x: Tensor, factor: Tensor) -> Tensor:
    return mean + (x - mean) * factor


def _translation(x: Tensor, noise: Noise) -> Tensor:
    """Shift by up to an eighth of each side, zeros moving in."""
    rows, inside_rows = _shifted(x.shape[2], noise)
    columns, inside_columns = _shifted(x.shape[3], noise)
    sample = torch.arange(x.shape[0], device=x.device)
    moved = x.permute(0, 2, 3, 1)[sample[:, None, None], rows[:, :, None], columns[:, None, :]]
    inside = (inside_rows[:, :, None] & inside_columns[:, None, :]).unsqueeze(-1)
    return (moved * inside).permute(0, 3, 1, 2)


def _shifted(side: int, noise: Noise) -> tuple[Tensor, Tensor]:
    """Where each place takes its value from, (N, side), and whether that lies in the image."""
    most = side // 8
    shift = (noise.uniform(1) * (2 * most + 1)).long() - most
    source = torch.arange(side, device=shift.device) + shift
    inside = (source >= 0) & (source < side)
    return source.clamp(0, side - 1), inside


def _cutout(x: Tensor, noise: Noise) -> Tensor:
    """Zero a square of half the side, centred anywhere in the image."""
    rows = _hole(x.shape[2], noise)
    columns = _hole(x.shape[3], noise)
    kept = ~(rows[:, None, :, None] & columns[:, None, None, :])
    return x * kept


def _hole(side: int, noise: Noise) -> Tensor:
    """Whether each place of a side lies in the hole, (N, side)."""
    size = side // 2
    start = (noise.uniform(1) * (side + 1 - size % 2)).long() - size // 2
    place = torch.arange(side, device=start.device)
    return (place >= start) & (place < start + size)


_PLACES: dict[str, Callable[[Tensor, Noise], Tensor]] = {
    "translation": _translation,
    "cutout": _cutout,
}
