"""A distribution of codes, for sampling from an autoencoder whose latents are codes."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Mapping
from typing import Self

from torch import Tensor, nn

from genzoo.errors import CapabilityError, SpecError
from genzoo.interfaces.noise import Noise
from genzoo.interfaces.prior import FittedPrior
from genzoo.quantisers.code_training import CodeTraining
from genzoo.quantisers.options import CodePriorConfig
from genzoo.quantisers.quantiser import Quantiser
from genzoo.specs import LatentSpec


class CodePrior(FittedPrior):
    """A distribution of the codes of a model's quantiser, learnt step by step from those of data.

    It is saved without the quantiser, which is the model's: `bind` gives it to the prior.

    Args:
        latent: Contract of the latents, which are vectors of codes.
        config: Validated configuration.

    Raises:
        SpecError: The latents are not codes.
    """

    config: CodePriorConfig
    labels: Tensor | None = None

    def __init__(self, latent: LatentSpec, config: CodePriorConfig) -> None:
        super().__init__(latent, config)
        if not latent.codes:
            raise SpecError(
                f"The prior {type(self).__name__} is of codes, and these latents have none.",
                "Train an autoencoder with codes, such as vq-autoencoder.",
            )
        self.classes = config.classes
        self._found: list[Quantiser] = []

    def of_classes(self, labels: Tensor) -> CodePrior:
        """That of codes of given classes (N,); it shares the weights."""
        told = copy.copy(self)
        told.labels = labels
        return told

    def bind(self, parts: Mapping[str, nn.Module]) -> None:
        """Find the quantiser among the parts of the model."""
        layers = (layer for part in parts.values() for layer in part.modules())
        # In a list it is not taken for a part of the prior.
        self._found = [layer for layer in layers if isinstance(layer, Quantiser)][:1]

    @property
    def quantiser(self) -> Quantiser:
        """What makes vectors of codes.

        Raises:
            CapabilityError: The model that it was bound to has none.
        """
        if not self._found:
            raise CapabilityError("A prior of codes needs a model with a quantiser.")
        return self._found[0]

    @abstractmethod
    def nats(self, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """-log p of codes (N, streams, *places), in nats, (N,); gradients flow to the prior.

        Args:
            codes: Those of N samples.
            labels: Their classes (N,), where the config has `classes`.
        """

    @abstractmethod
    def draw(self, noise: Noise, temperature: float, labels: Tensor | None = None) -> Tensor:
        """One array of codes per row of `noise`, (N, streams, *places), row by row."""

    def sample(self, noise: Noise) -> Tensor:
        """The vectors of drawn codes, (N, *latent shape)."""
        return self.quantiser.decode(self.draw(noise, 1.0, self.labels))

    def sample_truncated(self, noise: Noise, truncation: float) -> Tensor:
        """As `sample`, with the truncation as the temperature: below 1 likelier codes."""
        return self.quantiser.decode(self.draw(noise, truncation, self.labels))

    def log_prob(self, z: Tensor) -> Tensor:
        """log p of the codes whose vectors z (N, *latent shape) are, in nats, (N,)."""
        return -self.nats(self.quantiser.codes_of(z), self.labels)

    def fit(self, latents: Tensor, seed: int) -> Self:
        """Learn from latents (N, *latent shape) for as many steps as the config says, in place."""
        training = CodeTraining(self, self.quantiser.codes_of(latents), self.config, seed)
        while not training.done:
            training.advance()
        return self
