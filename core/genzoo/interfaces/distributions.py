"""What encoders and decoders return. Log densities are in nats, summed over dimensions."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from genzoo.interfaces.noise import Noise


class Posterior(ABC):
    """A batch of N distributions q(z | x) over latents."""

    @abstractmethod
    def rsample(self, noise: Noise) -> Tensor:
        """Reparameterised draw, one per row: (N, *latent shape). Needs `noise.count == N`."""

    @abstractmethod
    def mode(self) -> Tensor:
        """The most likely latent of each row, (N, *latent shape)."""

    @abstractmethod
    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z | x) of z (N, *latent shape), in nats, (N,)."""

    @abstractmethod
    def kl(self) -> Tensor:
        """KL(q(z | x) || N(0, I)) in nats per latent dimension, (N, *latent shape), in closed form.

        Sum over the latent dimensions for the divergence of a row.
        """

    @abstractmethod
    def repeat(self, times: int) -> Posterior:
        """Each row `times` times in succession, as `torch.repeat_interleave` does."""


class Likelihood(ABC):
    """A batch of N distributions p(x | z) over samples.

    Attributes:
        discrete: Whether `log_prob` is that of a mass over levels; else it is that of a density.
        binary: Whether the only levels are 0 and 1: between them `log_prob` is not a probability.
        of_features: Whether `log_prob` is that of features of a sample, such as its spectrum, and
            not of the sample itself.
    """

    discrete: bool = False
    binary: bool = False
    of_features: bool = False

    @abstractmethod
    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x | z) of x (N, *sample shape) in the sample's range, in nats, (N,)."""

    @abstractmethod
    def mean(self) -> Tensor:
        """The expected sample, (N, *sample shape), in the sample's range."""

    @abstractmethod
    def sample(self, noise: Noise, temperature: float = 1.0) -> Tensor:
        """One draw per row, (N, *sample shape), in the sample's range.

        Args:
            noise: Randomness for N rows. Draw row by row from it alone: a row may not depend on
                its batch.
            temperature: At least 0. 1 draws from the distribution itself; below, draws come nearer
                to `mode`, which they are at 0.
        """

    def unclamped_mean(self) -> Tensor:
        """`mean`, before it is held to the range where it is: gradients come back from all of it.

        (N, *sample shape).
        """
        return self.mean()

    def mode(self) -> Tensor:
        """The most likely sample, (N, *sample shape); by default the mean stands for it."""
        return self.mean()
