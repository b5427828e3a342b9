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
        require_separable(parts, "r3gan")

    def phases(self) -> Sequence[Phase]:
        """The discriminator's move with or after its penalty, then the generator's."""
        player = ("discriminator",)
        generator = Phase("generator", ("generator",), self.generator_loss)
        every = self.config.penalty_every
        if every == 1:
            whole = Phase("discriminator", player, self.penalised_loss, second_order=True)
            return (whole, generator)
        lazy = Phase(
            "penalty", player, self.penalty_loss, every=every, barrier=False, second_order=True
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
        """gamma / 2 (R1 + R2) of the samples as the discriminator sees them."""
        real, fake = self._leaves(step)
        return self._penalties(step, self.logits(step, real), real, self.logits(step, fake), fake)

    def penalised_loss(self, step: Step) -> Terms:
        """Both in one pass through the discriminator."""
        real, fake = self._leaves(step)
        real_logits, fake_logits = self.logits(step, real), self.logits(step, fake)
        self.watch(step, real_logits, fake_logits)
        penalties = self._penalties(step, real_logits, real, fake_logits, fake)
        return {"pair": relativistic(real_logits, fake_logits), **penalties}

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

    def _leaves(self, step: Step) -> tuple[Tensor, Tensor]:
        real = self.real(step).detach().float().requires_grad_()
        fake = self.fake(step).detach().float().requires_grad_()
        return real, fake

    def _penalties(
        self, step: Step, real_logits: Tensor, real: Tensor, fake_logits: Tensor, fake: Tensor
    ) -> dict[str, Term]:
        weight = self.gamma(step) / 2
        return {
            "r1": Term(squared_gradient(real_logits, real), weight),
            "r2": Term(squared_gradient(fake_logits, fake), weight),
        }
