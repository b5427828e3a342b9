"""Frozen networks that losses look at samples through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from torch import Tensor, nn


class FeatureNetwork(nn.Module, ABC):
    """A network with published weights, as maps that gradients flow back from.

    Perceptual losses and projected discriminators compare samples in what it makes of them. Its
    constructor takes no arguments and loads the weights, its parameters want no gradients, and it
    stays as it is in training mode. A plugin registers it beside the feature space of the same
    network (`FeatureSpec.network`); `genzoo.feature_network` opens it.

    Attributes:
        hash: As of the `FeatureExtractor` of the same weights.
        channels: Channels of each map that it can give, by the map's name, finest first.
        strides: How many times smaller than the samples each map is, by its name.
        full_name: `distribution/name` of the feature space, from whoever opened it.

    Raises:
        DataError: The weights are missing, or not what they should be.
    """

    hash: str
    channels: Mapping[str, int]
    strides: Mapping[str, int]
    full_name: str = ""

    @abstractmethod
    def forward(self, x: Tensor, taps: Sequence[str] | None = None) -> list[Tensor]:
        """Map samples in [-1, 1] to the maps `taps`, by default all of `channels`.

        Args:
            x: (N, C, H, W) images of any size, or what else its kinds are made of.
            taps: Names from `channels`, in any order.

        Returns:
            (N, channels, H / stride, W / stride), rounded down, in the order of `taps`.
        """
