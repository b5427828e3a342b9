"""Projected discriminators: each scale of a frozen network has a head that judges.

Sauer et al. 2021, "Projected GANs Converge Faster" (arXiv:2111.01007), with the pairs and penalties
of Huang et al. 2024 (arXiv:2501.05441) instead of spectral normalisation and the hinge loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    FeatureNetwork,
    OptimizerSettings,
    Phase,
    Step,
    Term,
    Terms,
    TrainingContext,
    feature_network,
)
from genzoo_gan.configs import ProjectedConfig
from genzoo_gan.losses import relativistic
from genzoo_gan.objectives.adversarial import AdversarialObjective
from genzoo_gan.objectives.separable import require_separable
from genzoo_gan.penalties import squared_gradient
from genzoo_gan.projected import Heads, choose_taps, enlarged, shown_to_network

Logits = list[Tensor]
"""Logits (N,) of each scale, from fine to coarse, and those of the pixels where they count."""


class ProjectedGAN(AdversarialObjective):
    """Objective `projected`: heads on frozen maps, and the architecture's own discriminator.

    Nothing second-order passes through the frozen network: R1 and R2 of a head are by the mixed
    maps that it sees. Real and fake are augmented alike, in front of the network.

    Raises:
        CapabilityError: The samples are not images.
        UsageError: The frozen network is not installed.
    """

    config: ProjectedConfig
    errors = ("pair",)

    def __init__(self, config: ProjectedConfig, context: TrainingContext) -> None:
        super().__init__(config, context)
        if context.sample.kind != "image":
            raise CapabilityError(
                f"projected looks at images, and these samples are {context.sample.kind}.",
                "Use another --objective.",
            )
        self._network = feature_network(config.feature_network)
        self._taps = choose_taps(self._network)
        self._strides = [self._network.strides[name] for name in self._taps]

    def frozen(self) -> Mapping[str, FeatureNetwork]:
        """The network whose maps are judged."""
        return {"features": self._network}

    def parts(self) -> Mapping[str, nn.Module]:
        """The heads."""
        channels = [self._network.channels[name] for name in self._taps]
        blank = torch.zeros(1, *self.context.sample.shape, device="cpu")
        shape = self._sized(blank).shape[2:]
        sides = [min(shape) // stride for stride in self._strides]
        return {"heads": Heads(channels, sides, len(self.context.sample.classes))}

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse a discriminator that couples its batch, where it is to be penalised.

        Raises:
            CapabilityError: The penalty would mix samples.
        """
        if self._judges_pixels:
            require_separable(parts, "projected")

    def phases(self) -> Sequence[Phase]:
        """The judges' lazy penalty and their move, then the generator's."""
        judges = ("heads", "discriminator") if self._judges_pixels else ("heads",)
        lazy = Phase(
            "penalty",
            judges,
            self.penalty_loss,
            every=self.config.penalty_every,
            optimizer_step=False,
            second_order=True,
        )
        return (
            lazy,
            Phase("discriminator", judges, self.discriminator_loss),
            Phase("generator", ("generator",), self.generator_loss),
        )

    def optimizer(self, part: str) -> OptimizerSettings:
        """The heads have the discriminator's settings."""
        return super().optimizer("discriminator" if part == "heads" else part)

    def verdicts(self, real: Tensor, fake: Tensor) -> Tensor:
        """A real sample's logit above a fake one's: the loss leaves open where zero lies."""
        return real - fake

    def discriminator_loss(self, step: Step) -> Terms:
        """The sum over judges of softplus(-(D(x) - D(G(z))))."""
        real = self._verdicts_on(step, self.real(step), self._real_maps(step))
        fakes = [one.detach() for one in self._fake_maps(step)]
        fake = self._verdicts_on(step, self.fake(step).detach(), fakes)
        self.watch(step, _sum(real), _sum(fake))
        return {"pair": self._pairs(real, fake)}

    def generator_loss(self, step: Step) -> Terms:
        """The pairs mirrored."""
        with torch.no_grad():
            real = self._verdicts_on(step, self.real(step), self._real_maps(step))
        fake = self._verdicts_on(step, self.fake(step), self._fake_maps(step))
        return {"pair": self._pairs(fake, real)}

    def penalty_loss(self, step: Step) -> Terms:
        """gamma / 2 (R1 + R2) of each judge, by what it sees."""
        real = self._penalties(step, self.real(step), self._real_maps(step))
        fake = self._penalties(step, self.fake(step), self._fake_maps(step))
        return {"r1": Term(real, 0.5), "r2": Term(fake, 0.5)}

    @property
    def _judges_pixels(self) -> bool:
        return self.config.pixel_weight > 0

    def _penalties(self, step: Step, images: Tensor, maps: list[Tensor]) -> Tensor:
        leaves = [one.detach().float().requires_grad_() for one in maps]
        seen = images.detach().float().requires_grad_()
        logits = self._verdicts_on(step, seen, leaves)
        gammas = [*self._gammas(len(maps)), self.config.pixel_gamma * self.config.pixel_weight]
        inputs = [*leaves, seen]
        return _sum(
            [
                gamma * squared_gradient(logit, x)
                for gamma, logit, x in zip(gammas, logits, inputs, strict=False)
            ]
        )

    def _gammas(self, scales: int) -> list[float]:
        given = self.config.gamma
        return [given[min(level, len(given) - 1)] for level in range(scales)]

    def _pairs(self, first: Logits, second: Logits) -> Tensor:
        losses = [relativistic(one, other) for one, other in zip(first, second, strict=True)]
        if self._judges_pixels:
            losses[-1] = losses[-1] * self.config.pixel_weight
        return _sum(losses)

    def _verdicts_on(self, step: Step, images: Tensor, maps: list[Tensor]) -> Logits:
        logits: Logits = step.part("heads")(maps, step.batch.labels)
        if self._judges_pixels:
            logits.append(self.logits(step, images))
        return logits

    def _real_maps(self, step: Step) -> list[Tensor]:
        """Scaled maps of the batch, without a graph."""

        def make() -> list[Tensor]:
            mixing = step.part("heads").mixing
            with torch.no_grad():
                mixed = mixing(self._look(self.real(step)))
                mixing.observe(mixed, step.batch_mean, self.context.batch_size)
                return mixing.scaled(mixed)

        return step.once("real-maps", make)

    def _fake_maps(self, step: Step) -> list[Tensor]:
        """Scaled maps of the step's fakes, with the generator's graph."""
        # Their scale is measured on the real ones first.
        self._real_maps(step)

        def make() -> list[Tensor]:
            mixing = step.part("heads").mixing
            return mixing.scaled(mixing(self._look(self.fake(step))))

        return step.once("fake-maps", make)

    def _look(self, images: Tensor) -> list[Tensor]:
        """The frozen network's maps of images in the sample's range."""
        sample = self.context.sample
        shown = shown_to_network((images - sample.low) / (sample.high - sample.low))
        return self._network(self._sized(shown), self._taps)

    def _sized(self, images: Tensor) -> Tensor:
        return enlarged(images, self.config.resolution, self._strides[-1])


def _sum(values: Sequence[Tensor]) -> Tensor:
    return torch.stack([value.float() for value in values]).sum(0)
