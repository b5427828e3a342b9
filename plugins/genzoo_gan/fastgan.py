"""fastgan: a light generator with skip-layer excitation, for projected discriminators.

Liu et al. 2021, "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image
Synthesis" (arXiv:2101.04775), with transposed convolutions instead of nearest neighbours and 3x3.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from torch import Tensor, nn

from genzoo import Architecture, Discriminator, Generator, LatentSpec, SampleSpec, SpecError
from genzoo_gan.conditioning import LabelledLatent, Projection
from genzoo_gan.configs import FastGANConfig
from genzoo_gan.stacks import from_pixel, init_dcgan, to_pixel

SCALES = (1, 3, 5, 8, 10)
"""Channels of each stage in multiples of the width, from the image inwards; the last goes on."""

EXCITES = 3
"""Stages from a map to the one whose channels it weighs: eight times its size."""

SMALLEST, LARGEST = 3, 8
"""Sides of the coarsest maps, before which an image is halved no more."""

MOST_DOUBLINGS = 7


class FastGAN(Architecture):
    """Images (C, H, W) in [-1, 1] from latents (latent_dim,); H and W a few times a power of two.

    Raises:
        SpecError: The samples are not images, or of sides that cannot be halved often enough.
    """

    config: FastGANConfig

    def __init__(self, config: FastGANConfig, sample: SampleSpec) -> None:
        if sample.kind != "image" or len(sample.shape) != 3:
            raise SpecError(
                "Architecture fastgan models images (channels, height, width), not samples of "
                f"kind '{sample.kind}' and shape {sample.shape}.",
                "See `genzoo architectures` for one of that kind.",
            )
        coarsest_map(*sample.shape[1:])
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=(config.latent_dim,))

    def build(self) -> Mapping[str, nn.Module]:
        """Parts `generator` and `discriminator`, freshly initialised."""
        generator = FastGenerator(self.sample, self.config.latent_dim, self.config.width)
        init_dcgan(generator)
        width = self.config.discriminator_width
        return {"generator": generator, "discriminator": PixelDiscriminator(self.sample, width)}


def coarsest_map(height: int, width: int) -> tuple[int, int, int]:
    """Height and width of the map that doubling leads from to an image, and how often.

    The shorter side begins at 4 where that can be had, else at 3 to 8 pixels.

    Raises:
        SpecError: The sides cannot be halved that often.
    """
    for doublings in range(1, MOST_DOUBLINGS + 1):
        sides = height >> doublings, width >> doublings
        exact = (sides[0] << doublings, sides[1] << doublings) == (height, width)
        if exact and SMALLEST <= min(sides) < LARGEST:
            return *sides, doublings
    raise SpecError(
        f"Architecture fastgan cannot model images of {width}x{height} pixels.",
        "Give sides that are a small number times a power of two, as with --size 64.",
    )


def stage_widths(stages: int, width: int) -> list[int]:
    """Channels of each of the stages, from the coarsest to the image's own size."""
    return [width * SCALES[min(level, len(SCALES) - 1)] for level in range(stages)][::-1]


class FastGenerator(Generator):
    """Transposed convolutions with batch normalisation and LeakyReLU 0.2; coarse maps weigh fine.

    Args:
        sample: Contract of the images (C, H, W).
        latent_dim: Dimensions of the latent.
        width: Channels next to the image.
    """

    def __init__(self, sample: SampleSpec, latent_dim: int, width: int) -> None:
        super().__init__()
        channels, height, breadth = sample.shape
        rows, columns, doublings = coarsest_map(height, breadth)
        widths = stage_widths(doublings + 1, width)
        self.latent = LabelledLatent(latent_dim, len(sample.classes))
        self.first = nn.ConvTranspose2d(
            self.latent.features, widths[0], (rows, columns), bias=False
        )
        self.settle = nn.Sequential(nn.BatchNorm2d(widths[0]), nn.LeakyReLU(0.2, inplace=True))
        self.stages = nn.ModuleList(_double(*pair) for pair in pairwise(widths))
        self._reach = min(EXCITES, doublings)
        self.excitations = nn.ModuleList(
            SkipLayerExcitation(coarse, fine)
            for coarse, fine in zip(widths, widths[self._reach :], strict=False)
        )
        self.to_image = nn.Sequential(nn.Conv2d(widths[-1], channels, 3, padding=1), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents (N, latent_dim) to images (N, C, H, W) in (-1, 1)."""
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


class PixelDiscriminator(Discriminator):
    """Strided 4x4 convolutions with LeakyReLU 0.2 down to the coarsest map, then one logit.

    Args:
        sample: Contract of the images (C, H, W).
        width: Channels next to the image; they double with each halving, to eight times as many.
    """

    def __init__(self, sample: SampleSpec, width: int) -> None:
        super().__init__()
        channels, height, breadth = sample.shape
        rows, columns, doublings = coarsest_map(height, breadth)
        widths = [channels, *(width << min(level, 3) for level in range(doublings))]
        self.layers = nn.Sequential()
        for before, after in pairwise(widths):
            self.layers.append(nn.Conv2d(before, after, 4, 2, 1))
            self.layers.append(nn.LeakyReLU(0.2, inplace=True))
        self.last = nn.Conv2d(widths[-1], 1, (rows, columns))
        self.projection = Projection(widths[-1], len(sample.classes))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map images (N, C, H, W) to logits (N,)."""
        features = self.layers(x)
        logits = to_pixel(features, self.last.weight, self.last.bias).flatten()
        return self.projection(logits, features, labels)
