"""Relativistic pairing with zero-centred penalties on real and fake.

Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern Baseline GAN" (arXiv:2501.05441).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from genzoo import Phase, Step, Term, Terms, ramp
from genzoo_gan.configs import R3GANObjectiveConfig
from genzoo_gan.losses import relativistic
from genzoo_gan.objectives.adversarial import AdversarialObjective
from genzoo_gan.objectives.separable import require_separable
from genzoo_gan.penalties import squared_gradient


class RelativisticGAN(AdversarialObjective):
    """Objective `r3gan`: each real sample against one fake, R1 and R2 every step or lazily.

    A lazy penalty is a phase of its own whose gradients join the discriminator's next move.
    """

    config: R3GANObjectiveConfig
    errors = ("pair",)

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse a discriminator that couples its batch.

        Raises:
            CapabilityError: The penalty would mix samples.
        """
        super().check(parts)
        require_separable(parts, "r3gan")

    def phases(self) -> Sequence[Phase]:
        """The discriminator's move with or after its penalty, then the generator's."""
        player = ("discriminator",)
        generator = self.generator_phase()
        every = self.config.penalty_every
        if every == 1:
            whole = Phase("discriminator", player, self.penalised_loss, second_order=True)
            return (whole, generator)
        lazy = Phase(
            "penalty",
            player,
            self.penalty_loss,
            every=every,
            optimizer_step=False,
            second_order=True,
        )
        return (lazy, Phase("discriminator", player, self.discriminator_loss), generator)

    def verdicts(self, real: Tensor, fake: Tensor) -> Tensor:
        """A real sample's logit above a fake one's: the loss leaves open where zero lies."""
        return real - fake

    def discriminator_loss(self, step: Step) -> Terms:
        """softplus(-(D(x) - D(G(z))))."""
        real, fake = self.judge(step)
        return {"pair": relativistic(real, fake)}

    def penalty_loss(self, step: Step) -> Terms:
        """gamma / 2 (R1 + R2)."""
        return self._judge_penalised(step)[2]

    def penalised_loss(self, step: Step) -> Terms:
        """Both in one pass through the discriminator."""
        real, fake, penalties = self._judge_penalised(step)
        self.watch(step, real, fake)
        return {"pair": relativistic(real, fake), **penalties}

    def generator_loss(self, step: Step) -> Terms:
        """softplus(-(D(G(z)) - D(x))): the pair mirrored."""
        with torch.no_grad():
            real = self.logits(step, self.real(step))
        fake = self.logits(step, self.fake(step))
        return {"pair": relativistic(fake, real)}

    def gamma(self, step: Step) -> float:
        """The penalties' weight at this step: it may fall along a cosine, as in the paper."""
        start, end = self.config.gamma, self.config.gamma_end
        if end is None:
            return start
        return start + (end - start) * ramp(step.index, self.config.burn_in * step.total, "cosine")

    def _judge_penalised(self, step: Step) -> tuple[Tensor, Tensor, dict[str, Term]]:
        """Logits of real samples and of fakes, cut off from the generator, and the penalties."""
        if self.config.penalty_on == "augmented":
            real = by_real = _leaf(self.real(step))
            fake = by_fake = _leaf(self.fake(step))
        else:
            # The paper's gradients go through the augmentation, which is drawn for them.
            by_real, by_fake = _leaf(step.batch.x), _leaf(self.plain_fake(step))
            real = self.augmented(step, by_real, "penalised-real")
            fake = self.augmented(step, by_fake, "penalised-fake")
        real_logits, fake_logits = self.logits(step, real), self.logits(step, fake)
        weight = self.gamma(step) / 2
        penalties = {
            "r1": Term(squared_gradient(real_logits, by_real), weight),
            "r2": Term(squared_gradient(fake_logits, by_fake), weight),
        }
        return real_logits, fake_logits, penalties


def _leaf(x: Tensor) -> Tensor:
    return x.detach().float().requires_grad_()
