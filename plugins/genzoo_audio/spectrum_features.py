"""Features of sounds without a network: how loud each band of frequencies is, and when."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo import FeatureExtractor

SIZE, HOP = 512, 128
BANDS, PARTS = 32, 4
FLOOR = 1e-6
FULL = 32_768


class LogSpectrum(FeatureExtractor):
    """Statistics of log spectra: 32 bands, evenly spaced in octaves up to half the rate.

    Of each band the mean in each quarter of the time and the standard deviation over all of it: 160
    features. A Fréchet distance of them says how alike spectra are on the whole; it is not the
    distance of a network that listens.
    """

    hash = "log-spectrum-1"

    def extract(self, images: Tensor) -> Tensor:
        """Features (N, 160) of rows (N, channels, frames) int16; channels are mixed."""
        x = images.to(self.device).float().mean(1) / FULL
        x = F.pad(x, (0, max(0, PARTS * HOP - x.shape[1])))
        window = torch.hann_window(SIZE, device=x.device)
        spectrum = torch.stft(x, SIZE, HOP, window=window, pad_mode="constant", return_complex=True)
        power = (spectrum.abs() * (4 / SIZE)).square()
        bands = torch.log(_bands(power.device) @ power + FLOOR)
        means = F.adaptive_avg_pool1d(bands, PARTS).flatten(1)
        return torch.cat([means, bands.std(2, correction=0)], 1)


def _bands(device: torch.device) -> Tensor:
    """Which bins are in each band, as weights that sum to 1, (BANDS, SIZE // 2 + 1)."""
    bins = torch.arange(SIZE // 2 + 1, device=device, dtype=torch.float32)
    edges = torch.logspace(0.0, 8.0, BANDS + 1, base=2.0, device=device)
    middles = (edges[:-1] * edges[1:]).sqrt().unsqueeze(1)
    # As wide as the band, and never so narrow that it falls between two bins.
    reach = (edges[1:] - edges[:-1]).clamp_min(1.0).unsqueeze(1)
    weights = (1 - (bins - middles).abs() / reach).clamp_min(0)
    return weights / weights.sum(1, keepdim=True)
