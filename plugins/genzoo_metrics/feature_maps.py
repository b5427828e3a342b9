"""EfficientNet-Lite for losses: its maps, and gradients back to the images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, pairwise
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo import FeatureNetwork, SpecError, fold_batch_norm
from genzoo_metrics.efficientnet_lite import (
    LITE0,
    LITE1,
    LITE2,
    EfficientNetLiteFeatures,
    Variant,
    pretrained,
)

CENTRE = (127.5 - EfficientNetLiteFeatures.centre) / 128
"""What the network takes for the middle of the range: of 8 bits it is shown (value - 127) / 128."""

SCALE = 127.5 / 128


STRIDES = (2, 4, 8, 16, 16, 32, 32)
"""Of the seven stages (Tan and Le 2019, table 1)."""


class EfficientNetLiteMaps(FeatureNetwork):
    """What follows each of the stages of Tan and Le 2019, table 1: `stage1` to `stage7`.

    Grey images are repeated. The maps are those that the feature space of the same name is made
    of, to rounding.
    """

    variant: ClassVar[Variant]
    strides: Mapping[str, int] = {
        f"stage{number}": stride for number, stride in enumerate(STRIDES, 1)
    }

    def __init__(self) -> None:
        super().__init__()
        stages = self.variant.stages()
        self.hash = f"sha256:{self.variant.sha256}"
        self.channels = dict(zip(self.strides, (stage[-1] for stage in stages), strict=True))
        network = fold_batch_norm(pretrained(self.variant).eval().requires_grad_(False))
        ready_for_gradients(network)
        layers = dict(network.named_children())
        stem = ("conv_stem_padding", "conv_stem", "conv_stem_activation")
        self.stem = nn.Sequential(*(layers[name] for name in stem))
        blocks = iter(layers["blocks"].children())
        self.stages = nn.ModuleDict(
            {
                name: nn.Sequential(*islice(blocks, stage[0]))
                for name, stage in zip(self.strides, stages, strict=True)
            }
        )

    def forward(self, x: Tensor, taps: Sequence[str] | None = None) -> list[Tensor]:
        """See `FeatureNetwork.forward`.

        Raises:
            SpecError: Neither 1 nor 3 channels, no such map, or images too small for one.
        """
        wanted = list(self.channels) if taps is None else list(taps)
        _check(x, wanted, self.strides)
        h = self.stem((x * SCALE + CENTRE).expand(-1, 3, -1, -1))
        found: dict[str, Tensor] = {}
        for name, stage in self.stages.items():
            if len(found) == len(set(wanted)):
                break
            h = stage(h)
            if name in wanted:
                found[name] = h
        return [found[name] for name in wanted]


class EfficientNetLite0Maps(EfficientNetLiteMaps):
    """The smallest: 16 to 320 channels in 16 blocks."""

    variant = LITE0


class EfficientNetLite1Maps(EfficientNetLiteMaps):
    """As many channels in more blocks."""

    variant = LITE1


class EfficientNetLite2Maps(EfficientNetLiteMaps):
    """More channels in as many blocks as `EfficientNetLite1Maps`."""

    variant = LITE2


def _check(x: Tensor, taps: Sequence[str], strides: Mapping[str, int]) -> None:
    if x.shape[1] not in (1, 3):
        raise SpecError(
            f"EfficientNet-Lite takes images of 1 or 3 channels, and these have {x.shape[1]}."
        )
    for name in taps:
        if name not in strides:
            raise SpecError(
                f"EfficientNet-Lite has no map '{name}'.", f"It has {', '.join(strides)}."
            )
        if min(x.shape[2:]) < strides[name]:
            raise SpecError(
                f"Images of {x.shape[3]}x{x.shape[2]} pixels leave nothing of the map '{name}'.",
                f"Enlarge them to {strides[name]} pixels or more.",
            )


def ready_for_gradients(network: nn.Module) -> None:
    """Make frozen convolutions quick to pass gradients back through, in place.

    Padding that is the same on both sides becomes the convolution's own, which saves a copy;
    depthwise convolutions get `DepthwiseConv2d`'s backward pass.
    """
    for sequence in [one for one in network.modules() if isinstance(one, nn.Sequential)]:
        for (name, first), (_, second) in pairwise(list(sequence.named_children())):
            if isinstance(first, nn.ZeroPad2d) and isinstance(second, nn.Conv2d):
                left, right, top, bottom = first.padding
                if left == right == top == bottom:
                    second.padding = (top, left)
                    setattr(sequence, name, nn.Identity())
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
            module.__class__ = DepthwiseConv2d


class DepthwiseConv2d(nn.Conv2d):
    """A convolution of each channel by itself, with weights that are never trained.

    Backward in bfloat16 on a processor, torch takes a slow path through it: 22.6 ms an image of 96
    pixels through the whole network, and 4.5 by this class, on a processor with AMX. In float32
    torch's own is as quick.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, H', W')."""
        if torch.is_grad_enabled() and x.requires_grad and x.dtype == torch.bfloat16:
            result: Tensor = _FrozenDepthwise.apply(x, self)
            return result
        return super().forward(x)


class _FrozenDepthwise(torch.autograd.Function):
    """Its input gradient is the forward convolution with the kernel turned around."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: DepthwiseConv2d) -> Tensor:
        ctx.layer, ctx.shape = layer, x.shape
        return nn.Conv2d.forward(layer, x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        layer = ctx.layer
        (stride, _), (padding, _), side = layer.stride, layer.padding, layer.kernel_size[0]
        height, width = (length + 2 * padding - side + 1 for length in ctx.shape[2:])
        if stride > 1:
            # Zeros where the stride left places out.
            spread = grad.new_zeros((*grad.shape[:2], height, width))
            spread = spread.contiguous(memory_format=torch.channels_last)
            spread[:, :, ::stride, ::stride] = grad
            grad = spread
        weight = layer.weight.to(grad.dtype).flip(2, 3)
        made = F.conv2d(grad, weight, None, 1, side - 1 - padding, groups=layer.groups)
        return made, None
