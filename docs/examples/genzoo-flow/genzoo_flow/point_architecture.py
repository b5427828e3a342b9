"""Architecture `realnvp-points`: the same flow where a sample is two numbers."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from genzoo import Architecture, LatentSpec, SampleSpec, SpecError
from genzoo_flow.actnorm import ActNorm
from genzoo_flow.bijections import Bijection, Chain
from genzoo_flow.configs import PointRealNVPConfig
from genzoo_flow.couplings import AffineCoupling
from genzoo_flow.flow import Flow, context_features
from genzoo_flow.masks import every_other
from genzoo_flow.networks import ResidualLayers


class PointRealNVP(Architecture):
    """Points in the range that the data have; latents are points too.

    Args:
        config: Validated configuration.
        sample: Contract of the data.

    Raises:
        SpecError: The samples are not points in the plane.
    """

    config: PointRealNVPConfig

    def __init__(self, config: PointRealNVPConfig, sample: SampleSpec) -> None:
        if sample.kind != "points" or sample.shape != (2,):
            raise SpecError(
                f"realnvp-points models points, not {sample.kind} of shape {sample.shape}.",
                "Try it on the data set two-moons.",
            )
        super().__init__(config, sample)
        self.latent = LatentSpec(shape=sample.shape)

    def build(self) -> Mapping[str, nn.Module]:
        """A freshly initialised `flow`."""
        steps: list[Bijection] = []
        for number in range(self.config.couplings):
            mask = every_other(2, flip=number % 2 == 1)
            network = ResidualLayers(
                2, context_features(self.sample), self.config.width, self.config.blocks
            )
            steps += [ActNorm(2, dimensions=1), AffineCoupling(mask, network)]
        return {"flow": Flow(Chain(steps), self.sample)}
