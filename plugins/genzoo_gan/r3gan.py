"""r3gan: the networks of Huang et al. 2024 (arXiv:2501.05441), for GPUs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from genzoo import Discriminator, Generator, ImagePyramid, SampleSpec
from genzoo_gan.conditioning import LabelledLatent, Projection
from genzoo_gan.configs import R3GANConfig
from genzoo_gan.image_architecture import ImageArchitecture
from genzoo_gan.residual import Downsample, ResidualBlock, Upsample, scaled_conv

MOST_DOUBLINGS = 3
"""Channels stop doubling at eight times the width."""


class R3GAN(ImageArchitecture):
    """Residual on both sides, no normalisation on either."""

    name = "r3gan"
    config: R3GANConfig

    def build(self) -> Mapping[str, nn.Module]:
        """Parts `generator` and `discriminator`, freshly initialised."""
        return {
            "generator": ResidualGenerator(self.sample, self.pyramid, self.config),
            "discriminator": ResidualDiscriminator(self.sample, self.pyramid, self.config),
        }


class ResidualGenerator(Generator):
    """A learned basis weighted by the latent, then residual stages, twice the size each."""

    def __init__(self, sample: SampleSpec, pyramid: ImagePyramid, config: R3GANConfig) -> None:
        super().__init__()
        self.bounded = sample.bounded
        scales = stage_scales(pyramid.doublings)[::-1]
        widest = config.width * scales[0]
        self.latent = LabelledLatent(config.latent_dim, len(sample.classes))
        self.basis = nn.Parameter(torch.randn(widest, *pyramid.base))
        self.weigh = _scaled_linear(self.latent.features, widest)
        self.layers = nn.Sequential(*_stages(scales, Upsample, config))
        self.to_image = scaled_conv(config.width * scales[-1], sample.shape[0], 1)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents (N, latent_dim) to images (N, C, H, W).

        As in the paper no tanh bends the values: where samples have bounds they are held to
        [-1, 1] in evaluation mode, and free to overshoot in training, where a clamp would cut their
        gradients off.
        """
        weights = self.weigh(self.latent(z, labels))
        images = self.to_image(self.layers(weights[:, :, None, None] * self.basis))
        free = self.training or not self.bounded
        return images if free else images.clamp(-1.0, 1.0)


class ResidualDiscriminator(Discriminator):
    """Residual stages, half the size each, then a depthwise convolution of all and one logit."""

    def __init__(self, sample: SampleSpec, pyramid: ImagePyramid, config: R3GANConfig) -> None:
        super().__init__()
        scales = stage_scales(pyramid.doublings)
        widest = config.width * scales[-1]
        self.from_image = scaled_conv(sample.shape[0], config.width * scales[0], 1)
        self.layers = nn.Sequential(*_stages(scales, Downsample, config))
        self.basis = nn.Conv2d(widest, widest, pyramid.base, groups=widest, bias=False)
        nn.init.normal_(self.basis.weight, std=(pyramid.height * pyramid.width) ** -0.5)
        self.last = _scaled_linear(widest, 1)
        self.projection = Projection(widest, len(sample.classes))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map images (N, C, H, W) to logits (N,)."""
        features = self.basis(self.layers(self.from_image(x)))
        logits = self.last(features.flatten(1)).flatten()
        return self.projection(logits, features, labels)

    def stages(self) -> Sequence[nn.Module]:
        """From the image on: what sees it with the blocks at its size, then size by size."""
        starts = [0, *(n for n, layer in enumerate(self.layers) if isinstance(layer, Downsample))]
        ends = [*starts[1:], len(self.layers)]
        sizes: list[nn.Module] = [self.layers[a:b] for a, b in zip(starts, ends, strict=True)]
        return [nn.ModuleList([self.from_image, sizes[0]]), *sizes[1:], self.basis]


def stage_scales(halvings: int) -> list[int]:
    """Channels of each stage in multiples of the width, from the image inwards to the base."""
    return [1 << min(level, MOST_DOUBLINGS) for level in range(halvings + 1)]


def _blocks(scale: int, depth: int, config: R3GANConfig) -> Iterator[nn.Module]:
    width, groups = config.width * scale, config.cardinality * scale
    for _ in range(config.blocks):
        yield ResidualBlock(width, width * config.expansion, groups, depth)


def _stages(
    scales: list[int], resample: Callable[[int, int], nn.Module], config: R3GANConfig
) -> Iterator[nn.Module]:
    depth = len(scales) * config.blocks
    yield from _blocks(scales[0], depth, config)
    for before, after in pairwise(scales):
        yield resample(config.width * before, config.width * after)
        yield from _blocks(after, depth, config)


def _scaled_linear(inputs: int, outputs: int) -> nn.Linear:
    linear = nn.Linear(inputs, outputs, bias=False)
    nn.init.normal_(linear.weight, std=inputs**-0.5)
    return linear
