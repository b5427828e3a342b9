"""conv-vae's layers for those who bring no such networks of their own.

Plain torch, for all toolkits that take networks of the user's.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

SLOPE = 0.2


class ConvEncoder(nn.Module):
    """Pictures of 64 pixels to means and log variances.

    Args:
        width: Channels next to the picture.
        latents: Numbers in a latent.
    """

    def __init__(self, width: int = 64, latents: int = 100) -> None:
        super().__init__()
        widths = [width, 2 * width, 4 * width, 8 * width]
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1),
            nn.LeakyReLU(SLOPE, inplace=True),
            *(layer for ins, outs in pairwise(widths) for layer in halve(ins, outs)),
            nn.Flatten(),
            nn.Linear(widths[-1] * 16, 16 * width),
            nn.LeakyReLU(SLOPE, inplace=True),
        )
        self.mean = nn.Linear(16 * width, latents)
        self.log_variance = nn.Linear(16 * width, latents)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, 3, 64, 64) to means and log variances, each (N, latents)."""
        features = self.layers(x)
        return self.mean(features), self.log_variance(features)


class ConvDecoder(nn.Module):
    """The encoder mirrored.

    Args:
        width: Channels next to the picture.
        latents: Numbers in a latent.
    """

    def __init__(self, width: int = 64, latents: int = 100) -> None:
        super().__init__()
        widths = [8 * width, 4 * width, 2 * width, width]
        self.layers = nn.Sequential(
            nn.Linear(latents, 16 * width),
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Linear(16 * width, widths[0] * 16, bias=False),
            nn.Unflatten(1, (widths[0], 4, 4)),
            nn.BatchNorm2d(widths[0]),
            nn.LeakyReLU(SLOPE, inplace=True),
            *(layer for ins, outs in pairwise(widths) for layer in double(ins, outs)),
            nn.ConvTranspose2d(width, 3, 4, 2, 1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        """Map (N, latents) to pictures (N, 3, 64, 64) in (-1, 1)."""
        return self.layers(z)


def halve(ins: int, outs: int) -> list[nn.Module]:
    """Halve the resolution."""
    convolution = nn.Conv2d(ins, outs, 4, 2, 1, bias=False)
    return [convolution, nn.BatchNorm2d(outs), nn.LeakyReLU(SLOPE, inplace=True)]


def double(ins: int, outs: int) -> list[nn.Module]:
    """Double the resolution."""
    convolution = nn.ConvTranspose2d(ins, outs, 4, 2, 1, bias=False)
    return [convolution, nn.BatchNorm2d(outs), nn.LeakyReLU(SLOPE, inplace=True)]
