"""The Inception network whose features the Fréchet inception distance is defined on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import inception

from genzoo import published_weights
from genzoo_metrics.network_features import NetworkFeatures

SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
HINT = (
    "Get pt_inception-2015-12-05-6726825d.pth from the releases of mseitzer/pytorch-fid on GitHub "
    "and give it once with --features-file, or a copy of it: hf://OWNER/NAME/FILE on the Hub."
)

CLASSES = 1008
LAST = "Mixed_7c"


class InceptionV3Features(NetworkFeatures):
    """The 2,048 pooled features, of images at 299 pixels."""

    hash = f"sha256:{SHA256}"
    size = 299
    centre = 128

    def __init__(self, device: torch.device, file: Path | None = None) -> None:
        super().__init__(device)
        weights = published_weights(SHA256, file, HINT)
        with torch.device("meta"):
            network = torchvision_network()
        network.load_state_dict(weights, assign=True)
        self.take(of_2015(network))


def torchvision_network() -> nn.Module:
    """Inception-v3 (Szegedy et al. 2016) as torchvision has it, under the published names."""
    blocks = (
        inception.InceptionA,
        inception.InceptionB,
        inception.InceptionC,
        inception.InceptionD,
        inception.InceptionE,
        inception.InceptionAux,
    )
    units = [unit, *(partial(block, conv_block=unit) for block in blocks)]
    network: nn.Module = inception.Inception3(
        CLASSES, aux_logits=False, inception_blocks=units, init_weights=False
    )
    return network


def unit(channels: int, out: int, **options: Any) -> nn.Sequential:
    """torchvision's `BasicConv2d` in a form whose normalisation can be folded."""
    layers = {
        "conv": nn.Conv2d(channels, out, bias=False, **options),
        "bn": nn.BatchNorm2d(out, eps=0.001),
        "relu": nn.ReLU(inplace=True),
    }
    return nn.Sequential(OrderedDict(layers))


def of_2015(network: nn.Module) -> nn.Module:
    """torchvision's network as TensorFlow's graph of 2015-12-05 has it, up to pooled features.

    Average pools leave the padding out of the count there, and the last block pools by the maximum.
    """
    average = partial(F.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False)
    maximum = partial(F.max_pool2d, kernel_size=3, stride=1, padding=1)
    for name, block in list(network.named_children()):
        if hasattr(block, "branch_pool"):
            setattr(network, name, PooledBlock(block, maximum if name == LAST else average))
    network.fc = nn.Identity()
    return network


class PooledBlock(nn.Module):
    """A block of torchvision's whose last branch pools in another way."""

    block: Any
    branch_pool: Any

    def __init__(self, block: Any, pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.block = block
        self.pool = pool
        self.branch_pool = block.branch_pool
        # What the block makes of its own pool is thrown away, so let it cost nothing.
        block.branch_pool = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, out, H, W)."""
        *branches, _ = self.block._forward(x)
        return torch.cat([*branches, self.branch_pool(self.pool(x))], 1)
