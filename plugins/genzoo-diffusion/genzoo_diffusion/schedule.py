"""How noise grows with time, and what follows from it.

All here is variance preserving: x_t = alpha_t x_0 + sigma_t noise with alpha_t^2 + sigma_t^2 = 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genzoo_diffusion.configs import ScheduleName
from genzoo_diffusion.process import Process

COSINE_OFFSET = 0.008
MOST_NOISE = 0.999
FIRST_BETA, LAST_BETA = 1e-4, 0.02


class NoiseSchedule(Process):
    """Signal and noise at whole times 0 (clean) to `timesteps` (noise).

    Samples and their noise lie on an arc, and the clock is its angle: tan = sigma / alpha.

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
        self.latest = self.timesteps = timesteps
        kept = signal_kept(name, timesteps)
        self.register_buffer("alpha", kept.sqrt().float())
        self.register_buffer("sigma", (1.0 - kept).sqrt().float())

    def factors(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """From the tables."""
        return self.alpha[t], self.sigma[t]

    def velocity(self, clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """v = alpha_t noise - sigma_t x_0 (Salimans and Ho 2022, arXiv:2202.00512)."""
        alpha, sigma = self.spread(t, clean)
        return alpha * noise - sigma * clean

    def clean(self, noisy: Tensor, velocity: Tensor, t: Tensor) -> Tensor:
        """x_0 = alpha_t x_t - sigma_t v."""
        alpha, sigma = self.spread(t, noisy)
        return alpha * noisy - sigma * velocity

    def clock(self, t: Tensor) -> Tensor:
        """The angle, from 0 to almost a right one."""
        return torch.atan2(self.sigma[t], self.alpha[t])

    def times(self, steps: int) -> list[float]:
        """Evenly spaced to the nearest whole number."""
        return [round(self.timesteps * left / steps) for left in range(steps, -1, -1)]


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
