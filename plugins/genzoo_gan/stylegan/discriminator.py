"""The discriminator: blocks of half the size each, the deviation in the batch, one logit."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from genzoo import Discriminator, SampleSpec
from genzoo_gan.stylegan.configs import StyleConfig, Wiring
from genzoo_gan.stylegan.layers import EPSILON, ScaledConv, ScaledLinear, downsample
from genzoo_gan.stylegan.mapping import MappingNetwork
from genzoo_gan.stylegan.resolutions import Level, levels
from genzoo_gan.stylegan.synthesis import HALF

LABEL_LAYERS = 8
"""Layers from a label to what the features are projected on."""


class StyleDiscriminator(Discriminator):
    """Images to logits, wired as `resnet`, `skip` or `orig`.

    With classes, the last features are projected on a vector that is mapped from the label, as of
    Miyato and Koyama 2018 (arXiv:1802.05637).

    Args:
        sample: Contract of the images.
        config: Of the architecture.
    """

    def __init__(self, sample: SampleSpec, config: StyleConfig) -> None:
        super().__init__()
        self.couples_batch = config.minibatch_group > 1
        base = config.discriminator_channel_base or config.channel_base
        most = config.discriminator_channel_max or config.channel_max
        found = levels(sample.shape, base, most)[::-1]
        channels, classes, wiring = sample.shape[0], len(sample.classes), config.discriminator
        clamp = config.conv_clamp
        self._blocks = [f"b{level.resolution}" for level in found[:-1]]
        for level, after in itertools.pairwise(found):
            first = level is found[0]
            block = Block(channels, level, after.channels, wiring, clamp, first=first)
            self.add_module(f"b{level.resolution}", block)
        deepest = found[-1]
        self.mapping = (
            MappingNetwork(0, classes, deepest.channels, LABEL_LAYERS, tracked=False)
            if classes
            else None
        )
        epilogue = Epilogue(channels, deepest, config, labelled=bool(classes))
        self._epilogue = f"b{deepest.resolution}"
        self.add_module(self._epilogue, epilogue)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map images (N, C, H, W) to logits (N,)."""
        features: Tensor | None = None
        image: Tensor | None = x
        for name in self._blocks:
            features, image = self.get_submodule(name)(features, image)
        directions = None if self.mapping is None else self.mapping(None, labels)
        logits: Tensor = self.get_submodule(self._epilogue)(features, image, directions)
        return logits


class Block(nn.Module):
    """Half the size: two convolutions, beside a shorter way with `resnet`.

    Args:
        channels: Channels of an image.
        level: Its size and channels.
        outputs: Channels out.
        wiring: Of the network.
        clamp: Greatest size of an activation.
        first: Whether it takes the image alone.
    """

    def __init__(
        self,
        channels: int,
        level: Level,
        outputs: int,
        wiring: Wiring,
        clamp: float | None,
        *,
        first: bool,
    ) -> None:
        super().__init__()
        width, residual = level.channels, wiring == "resnet"
        self._passes_image = wiring == "skip"
        sees_image = first or self._passes_image
        self.fromrgb = ScaledConv(channels, width, 1, clamp=clamp) if sees_image else None
        self.conv0 = ScaledConv(width, width, 3, clamp=clamp)
        gain = HALF if residual else 1.0
        self.conv1 = ScaledConv(width, outputs, 3, down=True, gain=gain, clamp=clamp)
        self.skip = (
            ScaledConv(width, outputs, 1, down=True, activate=False, bias=False, gain=HALF)
            if residual
            else None
        )

    def forward(self, x: Tensor | None, image: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Map features and the image, one of which may be missing, to those of half the size."""
        if self.fromrgb is not None:
            assert image is not None
            seen = self.fromrgb(image)
            x = seen if x is None else x + seen
            image = downsample(image) if self._passes_image else None
        assert x is not None
        made = self.conv1(self.conv0(x))
        return made if self.skip is None else made + self.skip(x), image


class Epilogue(nn.Module):
    """From the smallest maps to the logit.

    Args:
        channels: Channels of an image.
        level: Size and channels of the maps.
        config: Of the architecture.
        labelled: Whether features are projected on a direction instead of summed.
    """

    def __init__(self, channels: int, level: Level, config: StyleConfig, *, labelled: bool) -> None:
        super().__init__()
        width, clamp = level.channels, config.conv_clamp
        sees_image = config.discriminator == "skip"
        self.fromrgb = ScaledConv(channels, width, 1) if sees_image else None
        self._group = config.minibatch_group
        self.conv = ScaledConv(width + (self._group > 1), width, 3, clamp=clamp)
        self.fc = ScaledLinear(width * level.height * level.width, width, activate=True)
        self.out = ScaledLinear(width, width if labelled else 1)

    def forward(self, x: Tensor | None, image: Tensor | None, directions: Tensor | None) -> Tensor:
        """Map features, the image and directions (N, channels) to logits (N,), float32."""
        if self.fromrgb is not None:
            assert image is not None
            seen = self.fromrgb(image)
            x = seen if x is None else x + seen
        assert x is not None
        if self._group > 1:
            x = with_deviation(x, self._group)
        features: Tensor = self.out(self.fc(self.conv(x).flatten(1)))
        if directions is None:
            return features.flatten()
        return (features * directions).sum(1) * features.shape[1] ** -0.5


def with_deviation(x: Tensor, group: int) -> Tensor:
    """Features (N, C, H, W) with one more channel: the mean deviation in groups of the batch.

    Karras et al. 2018 (arXiv:1710.10196), section 3. Groups are rows in order, of `group` samples
    or the most below that which divide the batch.
    """
    rows, _, height, width = x.shape
    size = max(count for count in range(1, min(group, rows) + 1) if rows % count == 0)
    with torch.autocast(x.device.type, enabled=False):
        grouped = x.float().reshape(rows // size, size, -1)
        deviation = (grouped.var(1, correction=0) + EPSILON).sqrt().mean(1)
    plane = deviation.repeat_interleave(size).view(-1, 1, 1, 1).expand(-1, 1, height, width)
    return torch.cat([x, plane.to(x.dtype)], dim=1)
