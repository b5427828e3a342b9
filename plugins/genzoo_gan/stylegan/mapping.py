"""From latents to styles (Karras et al. 2019, arXiv:1812.04948, section 2)."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo import SpecError
from genzoo_gan.stylegan.layers import ScaledLinear, normalised

SLOWNESS = 0.01
"""The learning rate of the mapping network, in those of the others."""


class MappingNetwork(nn.Module):
    """Latents, labels or both to one vector each, by a stack of linear layers.

    Args:
        latent_dim: Dimensions of the latent; 0 where labels alone are mapped.
        classes: Number of classes; 0 for an unconditional network.
        style_dim: Dimensions of a style.
        layers: How many linear layers.
        embedding: Dimensions of the embedding of a label; `style_dim` by default.

    Attributes:
        w_avg: The mean style, towards which styles are truncated, (style_dim,).
        running_means: Names of buffers that become their means over several processes.
    """

    w_avg: Tensor

    def __init__(
        self,
        latent_dim: int,
        classes: int,
        style_dim: int,
        layers: int,
        *,
        tracked: bool = True,
    ) -> None:
        super().__init__()
        self.running_means = ("w_avg",) if tracked else ()
        self._classes = classes
        self.embed = ScaledLinear(classes, style_dim) if classes else None
        widths = [latent_dim + (style_dim if classes else 0)] + [style_dim] * layers
        self._layers = [f"fc{index}" for index in range(layers)]
        for name, (inputs, outputs) in zip(self._layers, pairwise(widths), strict=True):
            layer = ScaledLinear(inputs, outputs, activate=True, lr_multiplier=SLOWNESS)
            self.add_module(name, layer)
        if tracked:
            self.register_buffer("w_avg", torch.zeros(style_dim))

    def forward(self, z: Tensor | None, labels: Tensor | None) -> Tensor:
        """Map latents (N, latent_dim) and labels (N,) to styles (N, style_dim), float32.

        Raises:
            SpecError: There are classes and `labels` is None.
        """
        found = [] if z is None else [normalised(z.float())]
        if self.embed is not None:
            if labels is None:
                raise SpecError("This network is conditional and was given no class labels.")
            found.append(normalised(self.embed(F.one_hot(labels, self._classes).float())))
        x = torch.cat(found, dim=1)
        for name in self._layers:
            x = self.get_submodule(name)(x)
        return x

    def truncated(self, styles: Tensor, truncation: float) -> Tensor:
        """Styles (..., style_dim) moved towards the mean style."""
        return torch.lerp(self.w_avg.to(styles.dtype), styles, truncation)

    def track(self, mean: Tensor, decay: float) -> None:
        """Take the mean style of a batch (style_dim,) into the mean of all."""
        with torch.no_grad():
            self.w_avg.copy_(torch.lerp(mean.detach(), self.w_avg, decay))
