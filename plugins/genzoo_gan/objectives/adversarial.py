"""What all adversarial objectives share: the two players, and what each is shown."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from torch import Tensor

from genzoo import (
    CapabilityError,
    Objective,
    OptimizerSettings,
    Phase,
    Separation,
    Step,
    Terms,
    TrainingContext,
    VitalSign,
)
from genzoo_gan.augment import DiffAugment, resolve_policy
from genzoo_gan.configs import OPERATIONS, AdversarialConfig

SEPARATION = "separation"
"""Reported share of pairs in which the real sample has the higher logit."""


class AdversarialObjective(Objective):
    """A discriminator's move, then a generator's, on one batch and one draw of fakes.

    Real and fake pass the discriminator separately, so that one which couples its batch keeps
    statistics for each. Fakes carry the labels of the batch.

    Raises:
        CapabilityError: Samples that are no images are to be augmented.
    """

    config: AdversarialConfig
    judging = "discriminator"
    """Name of the phase that calls `judge` or `report`."""
    errors: tuple[str, ...] = ("real", "fake")
    """Terms of that phase that near 0 as the discriminator ceases to err."""

    def __init__(self, config: AdversarialConfig, context: TrainingContext) -> None:
        super().__init__(config, context)
        self.augment = DiffAugment(
            _operations(config.augment, context), context.sample.high - context.sample.low
        )

    def phases(self) -> Sequence[Phase]:
        """The discriminator's move, then the generator's."""
        return (
            Phase("discriminator", ("discriminator",), self.discriminator_loss),
            Phase("generator", ("generator",), self.generator_loss),
        )

    @abstractmethod
    def discriminator_loss(self, step: Step) -> Terms:
        """Terms that the discriminator minimises."""

    @abstractmethod
    def generator_loss(self, step: Step) -> Terms:
        """Terms that the generator minimises."""

    def optimizer(self, part: str) -> OptimizerSettings:
        """Adam; the discriminator may have a learning rate of its own."""
        rate = self.config.learning_rate
        if part == "discriminator":
            rate = self.config.discriminator_learning_rate or rate
        return OptimizerSettings(rate, self.config.betas)

    def vital_signs(self) -> Sequence[VitalSign]:
        """How well the discriminator tells real from fake, in the phase that judges."""
        return (
            Separation(
                logged=f"{self.judging}/{SEPARATION}",
                losses=tuple(f"{self.judging}/{term}" for term in self.errors),
                weaken=self._ways_to_weaken(),
                regularise=self._ways_to_regularise(),
            ),
        )

    def _ways_to_weaken(self) -> str:
        usual = type(self.config).model_fields["learning_rate"].default
        if self.config.learning_rate > 5 * usual:
            return f"Start again with --learning-rate {usual:g}."
        slower = self.optimizer("discriminator").learning_rate / 4
        return f"Start again with --discriminator-learning-rate {slower:g}."

    def _ways_to_regularise(self) -> str:
        plain = not resolve_policy(self.config.augment, self.context.data_count)
        if not plain or self.context.sample.kind != "image":
            return "Use more data, or stop after fewer --steps."
        return f"Start again with --augment {','.join(OPERATIONS)}, or use more data."

    def real(self, step: Step) -> Tensor:
        """The batch as the discriminator sees it: augmented once a step."""
        return step.once("real", lambda: self.augment(step.batch.x, step.noise("augment-real")))

    def fake(self, step: Step) -> Tensor:
        """The step's fakes as the discriminator sees them, with the generator's graph."""
        return step.once("fake", lambda: self.draw(step))

    def draw(self, step: Step) -> Tensor:
        """Fakes of the batch's labels from fresh latents, augmented."""
        samples = step.part("generator")(step.latents(), step.batch.labels)
        return self.augment(samples, step.noise("augment-fake"))

    def logits(self, step: Step, x: Tensor) -> Tensor:
        """The discriminator's logits (N,) of samples that carry the batch's labels."""
        return step.part("discriminator")(x, step.batch.labels)

    def judge(self, step: Step) -> tuple[Tensor, Tensor]:
        """Logits of the real samples and of the fakes, cut off from the generator; reported."""
        real = self.logits(step, self.real(step))
        fake = self.logits(step, self.fake(step).detach())
        self.report(step, real, fake)
        return real, fake

    def report(self, step: Step, real: Tensor, fake: Tensor) -> None:
        """Log logits (N,), and in how many of the N pairs the real sample has the higher one."""
        step.report("real_logits", real)
        step.report("fake_logits", fake)
        step.report(SEPARATION, (real > fake).float())


def _operations(policy: str, context: TrainingContext) -> tuple[str, ...]:
    """The operations of a configured policy; `auto` leaves what is no image as it is."""
    if context.sample.kind == "image":
        return resolve_policy(policy, context.data_count)
    if policy not in ("auto", "none"):
        raise CapabilityError(
            f"DiffAugment is made for images, and these samples are {context.sample.kind}.",
            "Use --augment none.",
        )
    return ()
