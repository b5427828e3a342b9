"""The hinge loss (Lim and Ye 2017, arXiv:1705.02894)."""

from __future__ import annotations

from genzoo import Step, Terms
from genzoo_gan.losses import hinge
from genzoo_gan.objectives.regularised import RegularisedObjective


class HingeGAN(RegularisedObjective):
    """Objective `hinge`."""

    def discriminator_loss(self, step: Step) -> Terms:
        """max(0, 1 - D(x)) + max(0, 1 + D(G(z)))."""
        real, fake = self.judge(step)
        return {"real": hinge(real), "fake": hinge(-fake)}

    def generator_loss(self, step: Step) -> Terms:
        """-D(G(z))."""
        return {"fake": -self.logits(step, self.fake(step)).float()}
