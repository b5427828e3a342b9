"""Where latents are drawn from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Self

from torch import Tensor, nn

from genzoo.interfaces.noise import Noise
from genzoo.specs import Config, LatentSpec


class Prior(nn.Module, ABC):
    """A distribution over latents. Its parameters and buffers are saved with the model.

    Attributes:
        classes: Classes that it knows, whether the model's parts know them or not, in label order.
    """

    classes: tuple[str, ...] = ()

    def __init__(self, latent: LatentSpec) -> None:
        super().__init__()
        self.latent = latent

    @abstractmethod
    def sample(self, noise: Noise) -> Tensor:
        """Draw one latent per row of `noise`: (N, *latent shape).

        All randomness comes from `noise`, row by row, so that a latent does not depend on its
        batch.
        """

    def sample_truncated(self, noise: Noise, truncation: float) -> Tensor:
        """Draw as `sample` does, and shrink each latent z towards the centre c that it lies around.

        The result is c + truncation * (z - c), (N, *latent shape). The centre is the origin unless
        a prior has another: a mixture overrides this to take the mean of each latent's component.

        Args:
            noise: Randomness for N rows.
            truncation: Above 0 and at most 1.
        """
        return truncation * self.sample(noise)

    @abstractmethod
    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) of z (N, *latent shape), in nats, (N,)."""

    def of_classes(self, labels: Tensor) -> Prior:
        """The distribution of latents of given classes: row i is of class `labels[i]`, (N,).

        By default itself; one that has `classes` overrides it.
        """
        return self

    def bind(self, parts: Mapping[str, nn.Module]) -> None:
        """Hear which parts the model has, before anything else is asked of it.

        For a prior that works with one of them, such as a quantiser. What it keeps of them must not
        be saved with it.
        """
        return


class StandardNormal(Prior):
    """N(0, I): the prior of every model unless it says otherwise."""

    def sample(self, noise: Noise) -> Tensor:
        return noise.normal(*self.latent.shape)

    def log_prob(self, z: Tensor) -> Tensor:
        return -0.5 * (z.square() + LOG_TWO_PI).flatten(1).sum(1)


class FittedPrior(Prior):
    """A prior learned from the posteriors of the training data, after training.

    It is built empty from its config (so that saved weights can be put into it) and then fitted.
    Where the config has a field `classes`, it gets the names of a conditional model's classes.
    """

    def __init__(self, latent: LatentSpec, config: Config) -> None:
        super().__init__(latent)
        self.config = config

    @abstractmethod
    def fit(self, latents: Tensor, seed: int) -> Self:
        """Fit to posterior draws (N, *latent shape), in place, and return self."""

    def fit_classes(self, latents: Tensor, labels: Tensor, seed: int) -> Self:
        """Fit to draws (N, *latent shape) of classes (N,); by default these make no difference."""
        return self.fit(latents, seed)


LOG_TWO_PI = 1.8378770664093453
