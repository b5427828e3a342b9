"""The architectures: which samples they take, and the part that they build."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from genzoo import Architecture, Config, LatentSpec, SampleSpec, SpecError
from genzoo_diffusion.configs import DDPMOptions, SamplingOptions, TransformerOptions, UNetOptions
from genzoo_diffusion.dit import DiT
from genzoo_diffusion.generator import DiffusionGenerator
from genzoo_diffusion.process import Process, StraightPath
from genzoo_diffusion.schedule import NoiseSchedule
from genzoo_diffusion.unet import UNet


class Diffusion(Architecture):
    """Images in [-1, 1], or an autoencoder's latents, from noise of the same shape.

    Args:
        config: Validated configuration: options of a network and of a process.
        sample: Contract of the data.

    Raises:
        SpecError: They are not images, or cannot be cut into patches.
    """

    def __init__(self, config: UNetOptions | TransformerOptions, sample: SampleSpec) -> None:
        check_shape(sample, config.patch)
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=sample.shape)

    def build(self) -> Mapping[str, nn.Module]:
        """A freshly initialised `generator`."""
        assert isinstance(self.config, SamplingOptions)
        process = process_of(self.config)
        network = denoiser_of(self.config, self.sample, process.latest)
        return {"generator": DiffusionGenerator(network, process, self.config, self.sample)}


def process_of(config: Config) -> Process:
    """How samples turn into noise."""
    if isinstance(config, DDPMOptions):
        return NoiseSchedule(config.schedule, config.timesteps)
    return StraightPath()


def denoiser_of(config: Config, sample: SampleSpec, latest: float) -> nn.Module:
    """The network that predicts velocities."""
    channels, height, width = sample.shape
    shape, classes = (channels, height, width), len(sample.classes)
    if isinstance(config, TransformerOptions):
        return DiT(
            shape=shape,
            width=config.width,
            depth=config.depth,
            patch=config.patch,
            latest=latest,
            classes=classes,
        )
    assert isinstance(config, UNetOptions)
    return UNet(
        shape=shape,
        width=config.width,
        blocks=config.blocks,
        patch=config.patch,
        latest=latest,
        classes=classes,
        attention=config.attention,
    )


def check_shape(sample: SampleSpec, patch: int) -> None:
    """Refuse samples that cannot be cut into patches.

    Raises:
        SpecError: Says what would do.
    """
    if sample.kind not in ("image", "latent") or len(sample.shape) != 3:
        raise SpecError(
            f"Diffusion models images, not {sample.kind} of shape {sample.shape}.",
            "Train it on a folder of images.",
        )
    _, height, width = sample.shape
    if height % patch or width % patch or min(height, width) < 4 * patch:
        raise SpecError(
            f"Patches of {patch} pixels do not divide {width} by {height} into 4 by 4 or more.",
            f"Give --size a multiple of {patch} from {4 * patch}, or a smaller --patch.",
        )
