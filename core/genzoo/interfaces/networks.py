"""The network interfaces. An architecture supplies the ones it has."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from genzoo.interfaces.distributions import Likelihood, Posterior


class Generator(nn.Module, ABC):
    """Latents to samples."""

    @abstractmethod
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents (N, *latent shape) to samples (N, *sample shape) in the sample's range."""


class InvertibleGenerator(Generator):
    """Latents to samples and exactly back, as a normalising flow does.

    It has a density, log p(x) = log p(z) + log|det dz/dx| at z = inverse(x), and needs no encoder.
    """

    @abstractmethod
    def inverse(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map samples (N, *sample shape) to the latents that `forward` makes them from.

        Returns:
            Latents (N, *latent shape) and log|det dz/dx| in nats, (N,), for x in the sample's
            range.
        """


class Discriminator(nn.Module, ABC):
    """Samples to logits of being real: never probabilities.

    Attributes:
        couples_batch: True where one sample's logit depends on the others, as with batch
            normalisation. Real and fake samples are then never concatenated, and objectives that
            need each sample's own gradient refuse it.
    """

    couples_batch: bool = False

    @abstractmethod
    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map samples (N, *sample shape) to logits (N,)."""


class Encoder(nn.Module, ABC):
    """Samples to a posterior over latents."""

    @abstractmethod
    def forward(self, x: Tensor, labels: Tensor | None = None) -> Posterior:
        """Map samples (N, *sample shape) to N posteriors over (*latent shape)."""


class Decoder(nn.Module, ABC):
    """Latents to a likelihood over samples."""

    @abstractmethod
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        """Map latents (N, *latent shape) to N likelihoods over (*sample shape)."""
