"""A likelihood of sounds by their log spectra."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genzoo import Likelihood, Noise
from genzoo_audio.spectra import Transform


class SpectrumGaussian(Likelihood):
    """N Gaussians over log spectrograms, with one variance.

    It says nothing of phases: its log densities are those of log spectrograms, to be compared with
    nothing but themselves. Waveforms get phases by the fast Griffin-Lim algorithm.

    Args:
        mean: (N, channels, bins, times), as `Transform.log_magnitude` gives them.
        log_variance: ().
        transform: From waveforms to spectra.
    """

    of_features = True

    def __init__(self, mean: Tensor, log_variance: Tensor, transform: Transform) -> None:
        self.spectrum = mean
        self.log_variance = log_variance
        self.transform = transform

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of the log spectrograms of x (N, channels, frames), in nats, (N,)."""
        squares = (self.transform.log_magnitude(x) - self.spectrum).square()
        each = squares * torch.exp(-self.log_variance) + self.log_variance + math.log(2 * math.pi)
        return -0.5 * each.flatten(1).sum(1)

    def mean(self) -> Tensor:
        """A waveform with the mean spectrum, (N, channels, frames)."""
        return self.transform.from_log_magnitude(self.spectrum)

    def sample(self, noise: Noise, temperature: float = 1.0) -> Tensor:
        """A waveform with a spectrum that is drawn, (N, channels, frames).

        The temperature multiplies the standard deviation.
        """
        normal = noise.normal(*self.spectrum.shape[1:])
        drawn = self.spectrum + temperature * torch.exp(0.5 * self.log_variance) * normal
        return self.transform.from_log_magnitude(drawn)
