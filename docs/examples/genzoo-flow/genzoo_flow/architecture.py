"""Architecture `realnvp` (Dinh et al. 2017): which images it takes, and what it builds."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from genzoo import Architecture, LatentSpec, SampleSpec, SpecError
from genzoo_flow.actnorm import ActNorm
from genzoo_flow.bijections import Bijection, Chain
from genzoo_flow.configs import RealNVPConfig
from genzoo_flow.couplings import AffineCoupling
from genzoo_flow.flow import Flow, context_features
from genzoo_flow.masks import checkerboard, half_of_channels
from genzoo_flow.networks import ResidualConvolutions
from genzoo_flow.squeeze import HalfOut, Squeezed

Shape = tuple[int, int, int]


class RealNVP(Architecture):
    """Images in [0, 1], or an autoencoder's latents, whose sides can be halved `scales` times.

    The flow's own latents have their shape.

    Args:
        config: Validated configuration.
        sample: Contract of the data.

    Raises:
        SpecError: The samples are no such images.
    """

    config: RealNVPConfig

    def __init__(self, config: RealNVPConfig, sample: SampleSpec) -> None:
        check_images(sample, config.scales)
        super().__init__(config, sample.with_range(0.0, 1.0))
        self.latent = LatentSpec(shape=sample.shape)

    def build(self) -> Mapping[str, nn.Module]:
        """A freshly initialised `flow`."""
        channels, height, width = self.sample.shape
        stack = ImageStack(self.config, context_features(self.sample))
        steps = stack.scale((channels, height, width), self.config.scales)
        return {"flow": Flow(steps, self.sample)}


class ImageStack:
    """Builds the couplings of images, scale by scale.

    Args:
        config: Numbers and sizes.
        context: Features that labels are described by.
    """

    def __init__(self, config: RealNVPConfig, context: int) -> None:
        self.config = config
        self.context = context

    def scale(self, shape: Shape, remaining: int) -> Bijection:
        """Couplings at this scale, then, in half of the squeezed channels, those of the next."""
        steps = [
            step
            for number in range(self.config.couplings)
            for step in self.coupling(shape, checkerboard(shape, flip=number % 2 == 1))
        ]
        if remaining:
            steps.append(Squeezed(self.squeezed(shape, remaining)))
        return Chain(steps)

    def squeezed(self, shape: Shape, remaining: int) -> Bijection:
        """What happens to the four times as many channels of a squeezed (C, H, W)."""
        channels, height, width = 4 * shape[0], shape[1] // 2, shape[2] // 2
        inside = (channels, height, width)
        steps = [
            step
            for number in range(self.config.couplings)
            for step in self.coupling(inside, half_of_channels(inside, flip=number % 2 == 1))
        ]
        rest = self.scale((channels // 2, height, width), remaining - 1)
        return Chain([*steps, HalfOut(rest)])

    def coupling(self, shape: Shape, mask: Tensor) -> list[Bijection]:
        """A normalisation and a coupling."""
        config = self.config
        network = ResidualConvolutions(shape[0], self.context, config.width, config.blocks)
        return [ActNorm(shape[0], dimensions=3), AffineCoupling(mask, network)]


def check_images(sample: SampleSpec, scales: int) -> None:
    """Refuse samples that are not images, or whose sides cannot be halved `scales` times.

    Raises:
        SpecError: Says what would do.
    """
    if sample.kind not in ("image", "latent") or len(sample.shape) != 3:
        raise SpecError(
            f"realnvp models images, not {sample.kind} of shape {sample.shape}.",
            "Train it on a folder of images.",
        )
    _, height, width = sample.shape
    if height % 2**scales or width % 2**scales:
        raise SpecError(
            f"realnvp cannot halve images of {width} by {height} pixels {scales} times.",
            "Give fewer --scales, or a --size that is a power of two.",
        )
