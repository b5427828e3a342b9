"""The non-saturating logistic loss (Goodfellow et al. 2014, arXiv:1406.2661, section 3)."""

from __future__ import annotations

from genzoo import Step, Terms
from genzoo_gan.configs import RegularisedConfig
from genzoo_gan.losses import logistic
from genzoo_gan.objectives.adversarial import AdversarialObjective
from genzoo_gan.objectives.regularised import RegularisedObjective


class LogisticLosses(AdversarialObjective):
    """Both players' losses, for objectives that regularise in their own way."""

    def discriminator_loss(self, step: Step) -> Terms:
        """-log sigmoid(D(x)) - log(1 - sigmoid(D(G(z)))): 2 ln 2 at zero logits."""
        real, fake = self.judge(step)
        return {"real": logistic(real), "fake": logistic(-fake)}

    def generator_loss(self, step: Step) -> Terms:
        """-log sigmoid(D(G(z)))."""
        return {"fake": logistic(self.logits(step, self.fake(step)))}


class LogisticGAN(LogisticLosses, RegularisedObjective):
    """Objective `gan`."""

    config: RegularisedConfig
