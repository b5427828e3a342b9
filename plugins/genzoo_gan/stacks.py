"""Stacks of strided 4x4 convolutions between an image and a small base (Radford et al. 2015).

The base is of 4x4 pixels for squares whose side is a power of two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from genzoo import Discriminator, Generator, ImagePyramid, SampleSpec
from genzoo_gan.conditioning import LabelledLatent, Projection


def stage_widths(halvings: int, width: int) -> list[int]:
    """Channels from the image inwards, doubling with each halving down to the base."""
    return [width << level for level in range(halvings)]


class ConvGenerator(Generator):
    """Transposed convolutions with batch normalisation and ReLU, tanh where samples have bounds.

    Args:
        sample: Contract of the images: (C, H, W).
        pyramid: How H and W are doubled from a base.
        latent_dim: Dimensions of the latent.
        width: Channels next to the image.
    """

    def __init__(
        self, sample: SampleSpec, pyramid: ImagePyramid, latent_dim: int, width: int
    ) -> None:
        super().__init__()
        channels, base = sample.shape[0], pyramid.base
        widths = stage_widths(pyramid.doublings, width)[::-1]
        self.latent = LabelledLatent(latent_dim, len(sample.classes))
        self.first = nn.ConvTranspose2d(self.latent.features, widths[0], base, 1, 0, bias=False)
        self.layers = nn.Sequential(
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
            *_upsampling(widths),
            nn.ConvTranspose2d(widths[-1], channels, 4, 2, 1, bias=False),
            nn.Tanh() if sample.bounded else nn.Identity(),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents (N, latent_dim) to images (N, C, H, W) in (-1, 1), or without bounds."""
        return self.layers(from_pixel(self.latent(z, labels), self.first.weight))


def _upsampling(widths: list[int]) -> Iterator[nn.Module]:
    for before, after in pairwise(widths):
        yield nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)
        yield nn.BatchNorm2d(after)
        yield nn.ReLU(inplace=True)


class ConvDiscriminator(Discriminator):
    """Strided convolutions with LeakyReLU 0.2 down to the base, then one logit.

    Args:
        sample: Contract of the images: (C, H, W).
        pyramid: How H and W are doubled from a base.
        width: Channels next to the image.
        batch_norm: Normalise every layer but the first over the batch; convolutions then have no
            bias.
    """

    def __init__(
        self, sample: SampleSpec, pyramid: ImagePyramid, width: int, batch_norm: bool
    ) -> None:
        super().__init__()
        self.couples_batch = batch_norm
        widths = stage_widths(pyramid.doublings, width)
        self.layers = nn.Sequential(*_downsampling([sample.shape[0], *widths], batch_norm))
        self.last = nn.Conv2d(widths[-1], 1, pyramid.base, 1, 0, bias=not batch_norm)
        self.projection = Projection(widths[-1], len(sample.classes))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map images (N, C, H, W) to logits (N,)."""
        features = self.layers(x)
        logits = to_pixel(features, self.last.weight, self.last.bias).flatten()
        return self.projection(logits, features, labels)

    def stages(self) -> Sequence[nn.Module]:
        """Each convolution with what belongs to it, from the image on."""
        convolutions = [
            place for place, layer in enumerate(self.layers) if isinstance(layer, nn.Conv2d)
        ]
        ends = [*convolutions[1:], len(self.layers)]
        return [self.layers[a:b] for a, b in zip(convolutions, ends, strict=True)] + [self.last]


def _downsampling(widths: list[int], batch_norm: bool) -> Iterator[nn.Module]:
    for level, (before, after) in enumerate(pairwise(widths)):
        yield nn.Conv2d(before, after, 4, 2, 1, bias=not batch_norm)
        if batch_norm and level:
            yield nn.BatchNorm2d(after)
        yield nn.LeakyReLU(0.2, inplace=True)


def normalise_spectrally(network: nn.Module) -> None:
    """Divide the weights of all convolutions by their largest singular value, in place.

    It is estimated by a power iteration at each pass in training (Miyato et al. 2018,
    arXiv:1802.05957, algorithm 1).
    """
    for module in [each for each in network.modules() if isinstance(each, nn.Conv2d)]:
        spectral_norm(module)


def from_pixel(x: Tensor, weight: Tensor) -> Tensor:
    """`conv_transpose2d` of x (N, I) as 1x1 images with weight (I, O, H, W): (N, O, H, W).

    As one matrix product it takes a quarter of the time on a processor.
    """
    inputs, outputs, height, width = weight.shape
    product = x @ weight.permute(0, 2, 3, 1).reshape(inputs, -1)
    return product.view(-1, height, width, outputs).permute(0, 3, 1, 2)


def to_pixel(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`conv2d` of x (N, I, H, W) with weight (O, I, H, W), one pixel: (N, O).

    As one matrix product it takes a fraction of the time on a processor.
    """
    rows, kernels = (t.permute(0, 2, 3, 1).flatten(1) for t in (x, weight))
    return F.linear(rows, kernels, bias)


def init_dcgan(network: nn.Module) -> None:
    """Draw weights from N(0, 0.02), batch normalisation's scales from N(1, 0.02).

    Radford et al. 2015 (arXiv:1511.06434), section 4.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
