"""A diffusion model as a generator: noise of the sample's shape in, sample out."""

from __future__ import annotations

from torch import Tensor, nn

from genzoo import Generator, Noise, SampleSpec
from genzoo_diffusion.configs import SamplingOptions
from genzoo_diffusion.process import Process
from genzoo_diffusion.sampler import sampled


class DiffusionGenerator(Generator):
    """A denoiser with its process. Objectives train the denoiser; sampling undoes the process.

    Args:
        denoiser: Maps noisy samples, times and labels to velocities.
        process: How samples turn into noise.
        options: How to sample.
        sample: Contract of the samples.

    Attributes:
        sampler: `ddim`, `euler` or `heun`.
        sampling_steps: Steps that a sample takes.
        guidance: Weight of the class.
        eta: Share of the noise that DDIM draws afresh.
    """

    def __init__(
        self, denoiser: nn.Module, process: Process, options: SamplingOptions, sample: SampleSpec
    ) -> None:
        super().__init__()
        self.sampler = options.sampler
        self.sampling_steps = options.sampling_steps
        self.guidance = options.guidance
        self.eta = options.eta
        self.bounds = (sample.low, sample.high) if sample.bounded else None
        self.process = process
        self.denoiser = denoiser

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map noise (N, C, H, W) to samples (N, C, H, W); without labels, of no class told."""
        return self._undone(z, labels, None)

    def sample(self, z: Tensor, labels: Tensor | None, noise: Noise) -> Tensor:
        """As `forward`, with fresh noise in each step where `eta` asks for it."""
        return self._undone(z, labels, noise)

    def _undone(self, z: Tensor, labels: Tensor | None, draws: Noise | None) -> Tensor:
        def predict(x: Tensor, t: Tensor) -> Tensor:
            return self.velocity(x, t, labels)

        steps = self.sampling_steps
        made = sampled(self.sampler, predict, self.process, z, steps, self.bounds, self.eta, draws)
        return made if self.bounds is None else made.clamp(*self.bounds)

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
