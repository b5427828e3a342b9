"""Inception-v3 as TensorFlow's graph of 2015-12-05 has it (Szegedy et al. 2016).

It differs from torchvision's: average pools leave the padding out of the count, the last block
pools by the maximum, and there are 1,008 classes. Names are those of the published weights.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLASSES = 1008


class InceptionV3(nn.Module):
    """Up to the pooled features; the classifier is there for its weights' sake."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Unit(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = Unit(32, 32, 3)
        self.Conv2d_2b_3x3 = Unit(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = Unit(64, 80, 1)
        self.Conv2d_4a_3x3 = Unit(80, 192, 3)
        self.Mixed_5b = BlockA(192, 32)
        self.Mixed_5c = BlockA(256, 64)
        self.Mixed_5d = BlockA(288, 64)
        self.Mixed_6a = BlockB(288)
        self.Mixed_6b = BlockC(768, 128)
        self.Mixed_6c = BlockC(768, 160)
        self.Mixed_6d = BlockC(768, 160)
        self.Mixed_6e = BlockC(768, 192)
        self.Mixed_7a = BlockD(768)
        self.Mixed_7b = BlockE(1280, maximum=False)
        self.Mixed_7c = BlockE(2048, maximum=True)
        self.fc = nn.Linear(2048, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, 3, 299, 299) in about [-1, 1] to features (N, 2048)."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = F.max_pool2d(x, 3, 2)
        x = F.max_pool2d(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)), 3, 2)
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6b(self.Mixed_6a(x))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(x)))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        return x.mean((2, 3))


class Unit(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    pairs = (("conv", "bn"),)

    def __init__(
        self,
        channels: int,
        out: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, out, ...)."""
        return F.relu(self.bn(self.conv(x)), inplace=True)


def row(channels: int, out: int, length: int) -> Unit:
    """A filter one pixel high that keeps the size."""
    return Unit(channels, out, (1, length), padding=(0, length // 2))


def column(channels: int, out: int, length: int) -> Unit:
    """A filter one pixel wide that keeps the size."""
    return Unit(channels, out, (length, 1), padding=(length // 2, 0))


def average(x: Tensor) -> Tensor:
    """Mean over 3x3 pixels, of those inside the image alone."""
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


class BlockA(nn.Module):
    """Four branches at 35x35."""

    def __init__(self, channels: int, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = Unit(channels, 64, 1)
        self.branch5x5_1 = Unit(channels, 48, 1)
        self.branch5x5_2 = Unit(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = Unit(channels, 64, 1)
        self.branch3x3dbl_2 = Unit(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = Unit(96, 96, 3, padding=1)
        self.branch_pool = Unit(channels, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, 35, 35) to (N, 224 + pooled, 35, 35)."""
        five = self.branch5x5_2(self.branch5x5_1(x))
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), five, double, self.branch_pool(average(x))], 1)


class BlockB(nn.Module):
    """From 35x35 to 17x17."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch3x3 = Unit(channels, 384, 3, stride=2)
        self.branch3x3dbl_1 = Unit(channels, 64, 1)
        self.branch3x3dbl_2 = Unit(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = Unit(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, 35, 35) to (N, 480 + channels, 17, 17)."""
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, F.max_pool2d(x, 3, 2)], 1)


class BlockC(nn.Module):
    """Four branches at 17x17, with filters of 7 pixels taken apart."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.branch1x1 = Unit(channels, 192, 1)
        self.branch7x7_1 = Unit(channels, inner, 1)
        self.branch7x7_2 = row(inner, inner, 7)
        self.branch7x7_3 = column(inner, 192, 7)
        self.branch7x7dbl_1 = Unit(channels, inner, 1)
        self.branch7x7dbl_2 = column(inner, inner, 7)
        self.branch7x7dbl_3 = row(inner, inner, 7)
        self.branch7x7dbl_4 = column(inner, inner, 7)
        self.branch7x7dbl_5 = row(inner, 192, 7)
        self.branch_pool = Unit(channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, 17, 17) to (N, 768, 17, 17)."""
        seven = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        return torch.cat([self.branch1x1(x), seven, double, self.branch_pool(average(x))], 1)


class BlockD(nn.Module):
    """From 17x17 to 8x8."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch3x3_1 = Unit(channels, 192, 1)
        self.branch3x3_2 = Unit(192, 320, 3, stride=2)
        self.branch7x7x3_1 = Unit(channels, 192, 1)
        self.branch7x7x3_2 = row(192, 192, 7)
        self.branch7x7x3_3 = column(192, 192, 7)
        self.branch7x7x3_4 = Unit(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, 17, 17) to (N, 512 + channels, 8, 8)."""
        three = self.branch3x3_2(self.branch3x3_1(x))
        seven = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        return torch.cat([three, self.branch7x7x3_4(seven), F.max_pool2d(x, 3, 2)], 1)


class BlockE(nn.Module):
    """Four branches at 8x8, two of which part again."""

    def __init__(self, channels: int, maximum: bool) -> None:
        super().__init__()
        self.branch1x1 = Unit(channels, 320, 1)
        self.branch3x3_1 = Unit(channels, 384, 1)
        self.branch3x3_2a = row(384, 384, 3)
        self.branch3x3_2b = column(384, 384, 3)
        self.branch3x3dbl_1 = Unit(channels, 448, 1)
        self.branch3x3dbl_2 = Unit(448, 384, 3, padding=1)
        self.branch3x3dbl_3a = row(384, 384, 3)
        self.branch3x3dbl_3b = column(384, 384, 3)
        self.branch_pool = Unit(channels, 192, 1)
        self.maximum = maximum

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, 8, 8) to (N, 2048, 8, 8)."""
        three = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        pooled = F.max_pool2d(x, 3, 1, 1) if self.maximum else average(x)
        branches = [
            self.branch1x1(x),
            self.branch3x3_2a(three),
            self.branch3x3_2b(three),
            self.branch3x3dbl_3a(double),
            self.branch3x3dbl_3b(double),
            self.branch_pool(pooled),
        ]
        return torch.cat(branches, 1)
