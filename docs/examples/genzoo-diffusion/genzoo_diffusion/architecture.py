"""Architecture `ddpm`: which images it takes, and the parts that it builds."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from genzoo import Architecture, LatentSpec, SampleSpec, SpecError
from genzoo_diffusion.configs import DDPMConfig
from genzoo_diffusion.generator import DiffusionGenerator

SIZES = (16, 32, 64)


class DDPM(Architecture):
    """Square images of 16, 32 or 64 pixels in [-1, 1], from noise of the same shape.

    Args:
        config: Validated configuration.
        sample: Contract of the data.

    Raises:
        SpecError: The samples are no such images.
    """

    config: DDPMConfig

    def __init__(self, config: DDPMConfig, sample: SampleSpec) -> None:
        check_images(sample)
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=sample.shape)

    def build(self) -> Mapping[str, nn.Module]:
        """A freshly initialised `generator`."""
        return {"generator": DiffusionGenerator(self.config, self.sample)}


def check_images(sample: SampleSpec) -> None:
    """Refuse samples that are not square images of a supported size.

    Raises:
        SpecError: Says which sizes there are.
    """
    if sample.kind != "image" or len(sample.shape) != 3:
        raise SpecError(
            f"ddpm models images, not {sample.kind} of shape {sample.shape}.",
            "Train it on a folder of images.",
        )
    _, height, width = sample.shape
    if height != width or height not in SIZES:
        raise SpecError(
            f"ddpm cannot model images of {width} by {height} pixels.",
            "Give --size 16, 32 or 64: images are made square.",
        )
