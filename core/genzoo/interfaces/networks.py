"""The network interfaces. An architecture supplies the ones it has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from genzoo.interfaces.distributions import Likelihood, Posterior
from genzoo.interfaces.noise import Noise


class Generator(nn.Module, ABC):
    """Latents to samples."""

    @abstractmethod
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents (N, *latent shape) to samples (N, *sample shape) in the sample's range."""

    def sample(self, z: Tensor, labels: Tensor | None, noise: Noise) -> Tensor:
        """As `forward`, where more than the latents is drawn for a sample; by default nothing is.

        Args:
            z: Latents, (N, *latent shape).
            labels: Classes, (N,), or None.
            noise: Randomness for N rows. Draw row by row from it alone.
        """
        return self(z, labels)


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


class StyleGenerator(Generator):
    """Latents to samples by way of styles: a vector for each layer that is modulated by one.

    Karras et al. 2019 (arXiv:1812.04948). Styles are where such a model is truncated, edited and
    inverted; those of one latent are the same in all layers.

    Attributes:
        style_count: Layers that have a style of their own.
        style_dim: Dimensions of a style.
    """

    style_count: int
    style_dim: int

    @abstractmethod
    def styles(
        self,
        z: Tensor,
        labels: Tensor | None = None,
        truncation: float = 1.0,
        truncated_layers: int | None = None,
    ) -> Tensor:
        """Map latents (N, *latent shape) to styles (N, style_count, style_dim).

        Args:
            z: Latents.
            labels: Class indices (N,).
            truncation: What the distance of each style from the mean style is multiplied with.
            truncated_layers: How many layers, from the first one, get truncated styles; by default
                all.
        """

    @abstractmethod
    def synthesise(self, styles: Tensor, noise: Noise | None = None) -> Tensor:
        """Map styles (N, style_count, style_dim) to samples (N, *sample shape).

        Args:
            styles: A vector for each layer.
            noise: Randomness of N rows, for layers that add some; by default they add what is
                fixed in the weights.
        """

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents (N, *latent shape) to samples (N, *sample shape)."""
        return self.synthesise(self.styles(z, labels))


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

    def stages(self) -> Sequence[nn.Module]:
        """Its layers in groups, from the sample on, so that some can be held; none if unknown."""
        return ()


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
