"""Lowpass filters of the alias-free layers (Karras et al. 2021, arXiv:2106.12423, appendix C)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def design_lowpass(taps: int, cutoff: float, width: float, rate: float, *, radial: bool) -> Tensor:
    """A windowed filter whose sum is 1: (taps,) of one direction or, `radial`, (taps, taps).

    The window is Kaiser's, for the attenuation that so many taps reach (Kaiser 1974; Oppenheim and
    Schafer, equations 7.75 and 7.76).

    Args:
        taps: How many; an even number.
        cutoff: Frequency to pass, in the unit of `rate`.
        width: Of the transition band, in the same.
        rate: Samples in a unit of length.
        radial: The same in all directions: a jinc in the place of a sinc.
    """
    # On the processor even where networks are built without values: filters are no weights.
    place = torch.arange(taps, dtype=torch.float64, device="cpu") - (taps - 1) / 2
    # The constant factor of the window goes with the sum.
    inside = (1 - (2 * place / (taps - 1)).square()).clamp(min=0)
    window = torch.special.i0(_beta(taps, width / (rate / 2)) * inside.sqrt())
    if not radial:
        line = torch.sinc(2 * cutoff / rate * place) * window
        return (line / line.sum()).float()
    radius = torch.hypot(place[:, None], place) / rate
    jinc = torch.special.bessel_j1(2 * math.pi * cutoff * radius) / (math.pi * radius)
    plane = jinc * window[:, None] * window
    return (plane / plane.sum()).float()


def _beta(taps: int, width: float) -> float:
    """Of the window, from the attenuation in decibels."""
    attenuation = 2.285 * (taps - 1) * math.pi * width + 7.95
    if attenuation > 50:
        return 0.1102 * (attenuation - 8.7)
    if attenuation > 21:
        return float(0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21))
    return 0.0
