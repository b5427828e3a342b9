"""A Wasserstein critic with a gradient penalty (Gulrajani et al. 2017, arXiv:1704.00028)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from genzoo import Phase, Step, Term, Terms
from genzoo_gan.configs import WGANGPConfig
from genzoo_gan.objectives.adversarial import AdversarialObjective
from genzoo_gan.objectives.separable import require_separable
from genzoo_gan.penalties import unit_gradient


class WassersteinGAN(AdversarialObjective):
    """Objective `wgan-gp`: several critic moves, each on its own batch, then one generator's."""

    config: WGANGPConfig
    judging = "critic"
    errors = ()

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse a critic that couples its batch.

        Raises:
            CapabilityError: The penalty would mix samples.
        """
        super().check(parts)
        require_separable(parts, "wgan-gp")

    def phases(self) -> Sequence[Phase]:
        """`n_critic` moves of the critic, then the generator's."""
        critic = Phase(
            self.judging,
            ("discriminator",),
            self.discriminator_loss,
            repeat=self.config.n_critic,
            second_order=True,
        )
        return (critic, self.generator_phase())

    def verdicts(self, real: Tensor, fake: Tensor) -> Tensor:
        """A real sample's logit above a fake one's: the loss leaves open where zero lies."""
        return real - fake

    def discriminator_loss(self, step: Step) -> Terms:
        """D(G(z)) - D(x) + lambda (||gradient|| - 1)^2, equation 3."""
        real = self.real(step)
        with torch.no_grad():
            fake = self.augmented(step, self.generate(step), "fake")
        real_logits, fake_logits = self.logits(step, real), self.logits(step, fake)
        self.watch(step, real_logits, fake_logits)
        epsilon = step.noise("epsilon").uniform()
        penalty = unit_gradient(lambda x: self.logits(step, x), real, fake, epsilon)
        return {
            "real": -real_logits,
            "fake": fake_logits,
            "penalty": Term(penalty, self.config.penalty),
        }

    def generator_loss(self, step: Step) -> Terms:
        """-D(G(z))."""
        return {"fake": -self.logits(step, self.fake(step)).float()}
