"""How noise grows with time, and what follows from it.

All here is variance preserving: x_t = alpha_t x_0 + sigma_t noise with alpha_t^2 + sigma_t^2 = 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from genzoo_diffusion.configs import ScheduleName

COSINE_OFFSET = 0.008
MOST_NOISE = 0.999
FIRST_BETA, LAST_BETA = 1e-4, 0.02


class NoiseSchedule(nn.Module):
    """Signal and noise at times 0 (clean) to `timesteps` (noise).

    Times `t` are whole numbers, (N,), one per row; samples and noise are (N, ...).

    Args:
        name: `cosine` or `linear`.
        timesteps: Number of steps from clean to noise, T.

    Attributes:
        alpha: Factor of the clean sample by time, (T + 1,).
        sigma: Standard deviation of the noise by time, (T + 1,).
    """

    alpha: Tensor
    sigma: Tensor

    def __init__(self, name: ScheduleName, timesteps: int) -> None:
        super().__init__()
        self.timesteps = timesteps
        kept = signal_kept(name, timesteps)
        self.register_buffer("alpha", kept.sqrt().float())
        self.register_buffer("sigma", (1.0 - kept).sqrt().float())

    def diffuse(self, clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """x_t, a draw of q(x_t | x_0) where `noise` is one of N(0, I)."""
        return _rows(self.alpha, t, clean) * clean + _rows(self.sigma, t, clean) * noise

    def velocity(self, clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """v = alpha_t noise - sigma_t x_0 (Salimans and Ho 2022, arXiv:2202.00512)."""
        return _rows(self.alpha, t, clean) * noise - _rows(self.sigma, t, clean) * clean

    def clean(self, noisy: Tensor, velocity: Tensor, t: Tensor) -> Tensor:
        """x_0 = alpha_t x_t - sigma_t v."""
        return _rows(self.alpha, t, noisy) * noisy - _rows(self.sigma, t, noisy) * velocity

    def noise(self, noisy: Tensor, clean: Tensor, t: Tensor) -> Tensor:
        """The noise in x_t, given x_0. Not defined at time 0, where there is none."""
        return (noisy - _rows(self.alpha, t, noisy) * clean) / _rows(self.sigma, t, noisy)


def signal_kept(name: ScheduleName, timesteps: int) -> Tensor:
    """alpha-bar at times 0 to `timesteps`: the share of the variance that is signal, float64.

    Cosine: Nichol and Dhariwal 2021 (arXiv:2102.09672), equation 17. Linear: Ho et al. 2020, with
    betas scaled by 1000 / timesteps so that as much noise is added in all.
    """
    if name == "cosine":
        at = torch.linspace(0.0, 1.0, timesteps + 1, dtype=torch.float64)
        signal = ((at + COSINE_OFFSET) / (1.0 + COSINE_OFFSET) * math.pi / 2).cos().square()
        betas = (1.0 - signal[1:] / signal[:-1]).clamp(max=MOST_NOISE)
    else:
        scale = 1000.0 / timesteps
        betas = torch.linspace(FIRST_BETA, LAST_BETA, timesteps, dtype=torch.float64) * scale
    return torch.cat([betas.new_ones(1), (1.0 - betas).cumprod(0)])


def _rows(table: Tensor, t: Tensor, like: Tensor) -> Tensor:
    """Entries of `table` for times (N,), with the dtype of `like` and shaped to spread over it."""
    return table[t].to(like.dtype).reshape(-1, *[1] * (like.dim() - 1))
