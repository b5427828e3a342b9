"""Least squares with targets 1 and 0 (Mao et al. 2017, arXiv:1611.04076, equation 9)."""

from __future__ import annotations

from torch import Tensor

from genzoo import Step, Terms
from genzoo_gan.losses import squared_error
from genzoo_gan.objectives.regularised import RegularisedObjective


class LeastSquaresGAN(RegularisedObjective):
    """Objective `lsgan`."""

    def verdicts(self, real: Tensor, fake: Tensor) -> Tensor:
        """The side of the middle between the targets that a real sample is on."""
        return real - 0.5

    def discriminator_loss(self, step: Step) -> Terms:
        """(D(x) - 1)^2 / 2 + D(G(z))^2 / 2."""
        real, fake = self.judge(step)
        return {"real": squared_error(real, 1.0), "fake": squared_error(fake, 0.0)}

    def generator_loss(self, step: Step) -> Terms:
        """(D(G(z)) - 1)^2 / 2."""
        return {"fake": squared_error(self.logits(step, self.fake(step)), 1.0)}
