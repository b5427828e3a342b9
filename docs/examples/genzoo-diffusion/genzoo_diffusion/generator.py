"""A diffusion model as a generator: noise of the sample's shape in, sample out."""

from __future__ import annotations

from torch import Tensor

from genzoo import Generator, SampleSpec
from genzoo_diffusion.configs import DDPMConfig
from genzoo_diffusion.sampler import ddim
from genzoo_diffusion.schedule import NoiseSchedule
from genzoo_diffusion.unet import UNet


class DiffusionGenerator(Generator):
    """A denoiser with its schedule. The objective trains the denoiser; sampling runs DDIM.

    Args:
        config: Width of the network, schedule, how to sample.
        sample: Contract of the images.

    Attributes:
        sampling_steps: DDIM steps that a sample takes; may be changed at any time.
        guidance: Weight of the class; may be changed at any time.
    """

    def __init__(self, config: DDPMConfig, sample: SampleSpec) -> None:
        super().__init__()
        self.sampling_steps = config.sampling_steps
        self.guidance = config.guidance
        self.bounds = (sample.low, sample.high)
        self.schedule = NoiseSchedule(config.schedule, config.timesteps)
        self.denoiser = UNet(
            channels=sample.shape[0],
            side=sample.shape[1],
            width=config.width,
            blocks=config.blocks,
            patch=config.patch,
            timesteps=config.timesteps,
            classes=len(sample.classes),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map noise (N, C, S, S) to images (N, C, S, S); without labels, of no class told."""

        def predict(x: Tensor, t: Tensor) -> Tensor:
            return self.velocity(x, t, labels)

        return ddim(predict, self.schedule, z, self.sampling_steps, self.bounds)

    def velocity(self, x: Tensor, t: Tensor, labels: Tensor | None) -> Tensor:
        """The prediction under classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598).

        Weight w gives w v(class) + (1 - w) v(no class). The velocity is linear in the noise, so
        this is the paper's mixture of noises.
        """
        informed: Tensor = self.denoiser(x, t, labels)
        if labels is None or self.guidance == 1.0:
            return informed
        uninformed: Tensor = self.denoiser(x, t)
        return uninformed + self.guidance * (informed - uninformed)
