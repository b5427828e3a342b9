"""fastgan: a light generator with skip-layer excitation, for projected discriminators.

Liu et al. 2021, "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image
Synthesis" (arXiv:2101.04775), with transposed convolutions instead of nearest neighbours and 3x3.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from torch import Tensor, nn

from genzoo import Generator, ImagePyramid, SampleSpec
from genzoo_gan.conditioning import LabelledLatent
from genzoo_gan.configs import FastGANConfig
from genzoo_gan.image_architecture import ImageArchitecture
from genzoo_gan.stacks import ConvDiscriminator, from_pixel, init_dcgan

SCALES = (1, 3, 5, 8, 10)
"""Channels of each stage in multiples of the width, from the image inwards; the last goes on."""

EXCITES = 3
"""Stages from a map to the one whose channels it weighs: eight times its size."""


class FastGAN(ImageArchitecture):
    """Batch normalisation in the generator only, so that each logit is its own sample's."""

    name = "fastgan"
    config: FastGANConfig

    def build(self) -> Mapping[str, nn.Module]:
        """Parts `generator` and `discriminator`, freshly initialised."""
        generator = FastGenerator(
            self.sample, self.pyramid, self.config.latent_dim, self.config.width
        )
        init_dcgan(generator)
        discriminator = ConvDiscriminator(
            self.sample, self.pyramid, self.config.discriminator_width, batch_norm=False
        )
        return {"generator": generator, "discriminator": discriminator}


def stage_widths(stages: int, width: int) -> list[int]:
    """Channels of each of the stages, from the coarsest to the image's own size."""
    return [width * SCALES[min(level, len(SCALES) - 1)] for level in range(stages)][::-1]


class FastGenerator(Generator):
    """Transposed convolutions with batch normalisation and LeakyReLU 0.2; coarse maps weigh fine.

    Args:
        sample: Contract of the images (C, H, W).
        pyramid: How H and W are doubled from a base.
        latent_dim: Dimensions of the latent.
        width: Channels next to the image.
    """

    def __init__(
        self, sample: SampleSpec, pyramid: ImagePyramid, latent_dim: int, width: int
    ) -> None:
        super().__init__()
        widths = stage_widths(pyramid.doublings + 1, width)
        self.latent = LabelledLatent(latent_dim, len(sample.classes))
        self.first = nn.ConvTranspose2d(self.latent.features, widths[0], pyramid.base, bias=False)
        self.settle = nn.Sequential(nn.BatchNorm2d(widths[0]), nn.LeakyReLU(0.2, inplace=True))
        self.stages = nn.ModuleList(_double(*pair) for pair in pairwise(widths))
        self._reach = min(EXCITES, pyramid.doublings)
        self.excitations = nn.ModuleList(
            SkipLayerExcitation(coarse, fine)
            for coarse, fine in zip(widths, widths[self._reach :], strict=False)
        )
        self.to_image = nn.Sequential(
            nn.Conv2d(widths[-1], sample.shape[0], 3, padding=1),
            nn.Tanh() if sample.bounded else nn.Identity(),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents (N, latent_dim) to images (N, C, H, W) in (-1, 1), or without bounds."""
        maps = [self.settle(from_pixel(self.latent(z, labels), self.first.weight))]
        for number, stage in enumerate(self.stages, 1):
            h = stage(maps[-1])
            origin = number - self._reach
            maps.append(self.excitations[origin](maps[origin], h) if origin >= 0 else h)
        return self.to_image(maps[-1])


def _double(channels: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(channels, outputs, 4, 2, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.2, inplace=True),
    )


class SkipLayerExcitation(nn.Module):
    """A coarse map says how much each channel of a fine one counts (Liu et al. 2021, section 3.1).

    Args:
        coarse: Channels of the coarse map.
        fine: Channels of the fine one.
    """

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Conv2d(coarse, fine, 4),
            nn.LeakyReLU(0.1),
            nn.Conv2d(fine, fine, 1),
            nn.Sigmoid(),
        )

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Weigh `fine` (N, fine, H, W) by `coarse` (N, coarse, h, w)."""
        return fine * self.layers(coarse)
