"""Regularisation of the discriminator beside losses that bring none of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from genzoo import CapabilityError, Phase, Step, Term, Terms, TrainingContext
from genzoo_gan.configs import RegularisedConfig
from genzoo_gan.diff_augment import DiffAugment
from genzoo_gan.objectives.adversarial import AdversarialObjective
from genzoo_gan.objectives.separable import require_separable
from genzoo_gan.penalties import squared_gradient


class RegularisedObjective(AdversarialObjective):
    """A loss with R1, lazily, and balanced consistency regularisation where they are asked for.

    Raises:
        CapabilityError: Samples that are not images are to be moved for consistency.
    """

    config: RegularisedConfig

    def __init__(self, config: RegularisedConfig, context: TrainingContext) -> None:
        super().__init__(config, context)
        sample = context.sample
        if config.consistency and sample.kind != "image":
            raise CapabilityError(
                f"Consistency is asked of moved images, and these samples are {sample.kind}.",
                "Leave --consistency out.",
            )
        self._move = DiffAugment(("translation",), sample.high - sample.low, sample.low)

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse R1 for a discriminator that couples its batch.

        Raises:
            CapabilityError: The penalty would mix samples.
        """
        super().check(parts)
        if self.config.r1:
            require_separable(parts, "R1")

    def phases(self) -> Sequence[Phase]:
        """R1 where it is due, whose gradients join the discriminator's move, then both moves."""
        player = ("discriminator",)
        judging = Phase("discriminator", player, self.regularised_loss)
        if not self.config.r1:
            return (judging, self.generator_phase())
        lazy = Phase(
            "r1",
            player,
            self.r1_loss,
            every=self.config.r1_every,
            optimizer_step=False,
            second_order=True,
        )
        return (lazy, judging, self.generator_phase())

    def r1_loss(self, step: Step) -> Terms:
        """gamma / 2 ||dD(x) / dx||^2 on real samples (Mescheder et al. 2018, equation 9)."""
        x = step.batch.x.detach().float().requires_grad_()
        penalty = squared_gradient(self.logits(step, x), x)
        return {"r1": Term(penalty, self.config.r1 / 2)}

    def regularised_loss(self, step: Step) -> Terms:
        """The discriminator's loss, and lambda (D(x) - D(T(x)))^2 on real samples and on fakes.

        Zhao et al. 2020, "Improved Consistency Regularization for GANs" (arXiv:2002.04724),
        algorithm 1; T shifts images by up to an eighth of their sides.
        """
        terms = self.discriminator_loss(step)
        weight = self.config.consistency
        if not weight:
            return terms
        real, fake = step.batch.x, self.plain_fake(step).detach()
        return {
            **terms,
            "consistent_real": Term(self._inconsistency(step, real, "moved-real"), weight),
            "consistent_fake": Term(self._inconsistency(step, fake, "moved-fake"), weight),
        }

    def _inconsistency(self, step: Step, x: Tensor, name: str) -> Tensor:
        moved = self.logits(step, self._move(x, step.noise(name)))
        return (self.logits(step, x).float() - moved.float()).square()
