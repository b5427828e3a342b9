"""From waveforms to log spectra and back again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

WINDOW_SECONDS = 0.032
"""Long enough to tell the harmonics of a voice apart."""

FLOOR = 3e-3
"""What is added to magnitudes before the logarithm: a sine of full scale has magnitude 1."""

CENTRE, SPREAD = -3.5, 2.0
"""Log spectra are shifted and scaled by these, to lie in about [-1.2, 2.5]."""

ITERATIONS = 48
MOMENTUM = 0.99


@dataclass(frozen=True)
class Transform:
    """A short-time Fourier transform of Hann windows that overlap by three quarters.

    Attributes:
        size: Length of a window, a power of two.
        frames: Length of the waveforms.
    """

    size: int
    frames: int

    @classmethod
    def of(cls, rate: int, frames: int) -> Transform:
        """With windows of about 32 ms."""
        return cls(1 << max(5, round(math.log2(WINDOW_SECONDS * rate))), frames)

    @property
    def hop(self) -> int:
        """Samples from a window to the next."""
        return self.size // 4

    @property
    def bins(self) -> int:
        """Frequencies."""
        return self.size // 2 + 1

    @property
    def times(self) -> int:
        """Windows."""
        return self.frames // self.hop + 1

    def spectrum(self, x: Tensor) -> Tensor:
        """Waveforms (*, frames) to complex spectra (*, bins, times)."""
        window = torch.hann_window(self.size, dtype=x.dtype, device=x.device)
        made = torch.stft(
            x.reshape(-1, self.frames),
            self.size,
            self.hop,
            window=window,
            pad_mode="constant",
            return_complex=True,
        )
        return made.reshape(*x.shape[:-1], self.bins, self.times)

    def waveform(self, spectrum: Tensor) -> Tensor:
        """The waveforms (*, frames) whose spectra are nearest to (*, bins, times)."""
        window = torch.hann_window(self.size, dtype=spectrum.real.dtype, device=spectrum.device)
        flat = spectrum.reshape(-1, self.bins, self.times)
        made = torch.istft(flat, self.size, self.hop, window=window, length=self.frames)
        return made.reshape(*spectrum.shape[:-2], self.frames)

    def log_magnitude(self, x: Tensor) -> Tensor:
        """Log magnitudes of waveforms (*, frames), shifted and scaled, (*, bins, times)."""
        magnitude = self.spectrum(x.float()).abs() * (4 / self.size)
        return (torch.log(magnitude + FLOOR) - CENTRE) / SPREAD

    def from_log_magnitude(self, y: Tensor) -> Tensor:
        """Waveforms (*, frames) in [-1, 1] with about these log magnitudes (*, bins, times)."""
        magnitude = (torch.exp(y.float() * SPREAD + CENTRE) - FLOOR).clamp_min(0)
        return find_phases(self, magnitude * (self.size / 4)).clamp(-1.0, 1.0)


def find_phases(transform: Transform, magnitude: Tensor) -> Tensor:
    """Waveforms (*, frames) with about these magnitudes (*, bins, times).

    The fast Griffin-Lim algorithm (Perraudin et al. 2013, momentum 0.99), from phases that never
    change, so that one waveform does not depend on others. In double precision: rounding grows
    from one iteration to the next.
    """
    generator = torch.Generator().manual_seed(0)
    angles = torch.rand(transform.bins, transform.times, generator=generator, dtype=torch.float64)
    phases = torch.polar(torch.ones_like(angles), 2 * math.pi * angles).to(magnitude.device)
    magnitude = magnitude.double()
    spectrum, before = magnitude * phases, torch.zeros((), dtype=phases.dtype, device=phases.device)
    share = MOMENTUM / (1 + MOMENTUM)
    for _ in range(ITERATIONS):
        consistent = transform.spectrum(transform.waveform(spectrum))
        ahead = consistent - share * before
        spectrum = magnitude * ahead / ahead.abs().clamp_min(1e-9)
        before = consistent
    return transform.waveform(spectrum).float()


def pad_to_multiple(x: Tensor, multiple: int, value: float) -> Tensor:
    """`x` (*, length) made longer at its end, to a multiple."""
    return F.pad(x, (0, -x.shape[-1] % multiple), value=value)
