"""What all adversarial objectives share: the two players, and what each is shown."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import cast

from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    Discriminator,
    Objective,
    OptimizerSettings,
    Phase,
    Separation,
    Step,
    Terms,
    TrainingContext,
    VitalSign,
)
from genzoo_gan.adaptive.ada import AdaptiveAugment, ImageAugment, ScheduledAugment
from genzoo_gan.configs import OPERATIONS, AdversarialConfig
from genzoo_gan.diff_augment import DiffAugment, resolve_policy

WARM_UP_STEPS = 300
"""In which a new discriminator learns to judge a generator that can do something already."""

SEPARATION = "separation"
"""Reported share of pairs in which the real sample has the higher logit."""


class AdversarialObjective(Objective):
    """A discriminator's move, then a generator's, on one batch and one draw of fakes.

    Real and fake pass the discriminator separately, so that one which couples its batch keeps
    statistics for each. Fakes carry the labels of the batch.

    Raises:
        CapabilityError: Samples that are not images are to be augmented.
    """

    config: AdversarialConfig
    judging = "discriminator"
    """Name of the phase that calls `judge` or `report`."""
    errors: tuple[str, ...] = ("real", "fake")
    """Terms of that phase that near 0 as the discriminator ceases to err."""

    def __init__(self, config: AdversarialConfig, context: TrainingContext) -> None:
        super().__init__(config, context)
        self.augment = _augmentation(config, context)
        self._waits_for = warm_up_steps(config, context)
        if config.freeze_discriminator and "discriminator" not in context.inherited:
            raise CapabilityError(
                "Layers of a discriminator that begins anew would be frozen untrained.",
                "Leave --freeze-discriminator out, or train --from a model that has one, such as "
                "the folder of a run.",
            )

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Freeze the discriminator's first layers where that is asked for.

        Mo et al. 2020, "Freeze the Discriminator" (arXiv:2002.10964).

        Raises:
            CapabilityError: It does not say its layers, or all of them would be frozen.
        """
        count = self.config.freeze_discriminator
        stages = cast(Discriminator, parts["discriminator"]).stages() if count else ()
        if count and count >= len(stages):
            raise CapabilityError(
                f"This discriminator has {len(stages)} layers that can be told apart, and one must "
                f"be left to train, so {count} cannot be frozen.",
                f"Use --freeze-discriminator {max(len(stages) - 1, 0)} or less.",
            )
        for stage in stages[:count]:
            stage.requires_grad_(False)

    def phases(self) -> Sequence[Phase]:
        """The discriminator's move, then the generator's."""
        return (
            Phase("discriminator", ("discriminator",), self.discriminator_loss),
            self.generator_phase(),
        )

    def generator_phase(self) -> Phase:
        """The generator's move, once the discriminator is warm."""
        return Phase("generator", ("generator",), self.generator_loss, when=self._generator_moves)

    def _generator_moves(self, step: int) -> bool:
        return step >= self._waits_for

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
        augments = isinstance(self.augment, ImageAugment) or self.augment.operations
        if augments or self.context.sample.kind != "image":
            return "Use more data, or stop after fewer --steps."
        return f"Start again with --augment {','.join(OPERATIONS)}, or use more data."

    def real(self, step: Step) -> Tensor:
        """The batch as the discriminator sees it: augmented once a step."""
        return step.once("real", lambda: self.augmented(step, step.batch.x, "real"))

    def fake(self, step: Step) -> Tensor:
        """The step's fakes as the discriminator sees them, with the generator's graph."""
        return step.once("fake", lambda: self.augmented(step, self.plain_fake(step), "fake"))

    def plain_fake(self, step: Step) -> Tensor:
        """The step's fakes before they are augmented."""
        return step.once("plain-fake", lambda: self.generate(step))

    def generate(self, step: Step) -> Tensor:
        """Fakes of the batch's labels from fresh latents."""
        return step.part("generator")(step.latents(), step.batch.labels)

    def augmented(self, step: Step, x: Tensor, name: str) -> Tensor:
        """Samples augmented with numbers from the stream `augment-NAME`."""
        if isinstance(self.augment, ScheduledAugment):
            self.augment.proceed(step.index, step.total)
        return self.augment(x, step.noise(f"augment-{name}"))

    def logits(self, step: Step, x: Tensor) -> Tensor:
        """The discriminator's logits (N,) of samples that carry the batch's labels."""
        return step.part("discriminator")(x, step.batch.labels)

    def judge(self, step: Step) -> tuple[Tensor, Tensor]:
        """Logits of the real samples and of the fakes, cut off from the generator; reported."""
        real = self.logits(step, self.real(step))
        fake = self.logits(step, self.fake(step).detach())
        self.watch(step, real, fake)
        return real, fake

    def watch(self, step: Step, real: Tensor, fake: Tensor) -> None:
        """Report the discriminator's logits (N,), and let adaptive augmentation see them.

        `SEPARATION` is in how many of the N pairs the real sample has the higher one.
        """
        step.report("real_logits", real)
        step.report("fake_logits", fake)
        step.report(SEPARATION, (real > fake).float())
        if isinstance(self.augment, ImageAugment):
            signs = self.verdicts(real.detach(), fake.detach()).float().sign()
            step.report("overfitting", signs)
            step.report("augment_probability", signs.new_full((), self.augment.probability))
        if isinstance(self.augment, AdaptiveAugment):
            self.augment.observe(step.batch_mean(signs))

    def verdicts(self, real: Tensor, fake: Tensor) -> Tensor:
        """What is positive where the discriminator takes a real sample for real, (N,)."""
        return real

    def state_dict(self) -> dict[str, Tensor]:
        """The strength of adaptive augmentation."""
        return self.augment.state_dict() if isinstance(self.augment, AdaptiveAugment) else {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state_dict` returned."""
        if isinstance(self.augment, AdaptiveAugment):
            self.augment.load_state_dict(state)


def warm_up_steps(config: AdversarialConfig, context: TrainingContext) -> int:
    """Steps at first in which the generator waits for the discriminator."""
    if config.warm_up_discriminator is not None:
        return config.warm_up_discriminator
    inherited = context.inherited
    alone = "generator" in inherited and "discriminator" not in inherited
    return WARM_UP_STEPS if alone else 0


def _augmentation(
    config: AdversarialConfig, context: TrainingContext
) -> DiffAugment | ImageAugment:
    sample = context.sample
    if config.augment != "ada" or sample.kind != "image":
        return DiffAugment(
            _operations(config.augment, context), sample.high - sample.low, sample.low
        )
    if config.ada_probability is not None:
        return ScheduledAugment(config.ada_probability, config.ada_over, sample.low, sample.high)
    return AdaptiveAugment(
        config.ada_target, config.ada_images, context.batch_size, sample.low, sample.high
    )


def _operations(policy: str, context: TrainingContext) -> tuple[str, ...]:
    """The operations of a configured policy; `auto` leaves what is not an image as it is."""
    if context.sample.kind == "image":
        return resolve_policy(policy, context.data_count)
    if policy not in ("auto", "none"):
        raise CapabilityError(
            f"Augmentation is made for images, and these samples are {context.sample.kind}.",
            "Use --augment none.",
        )
    return ()
