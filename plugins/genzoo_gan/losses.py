"""Adversarial losses: pure functions from logits (N,) to per-sample values (N,)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def logistic(logits: Tensor) -> Tensor:
    """-log sigmoid(logits): the surprise, in nats, of a sample that is taken for real.

    With real logits, and with negated fake logits, the discriminator's two terms; with fake logits
    the generator's non-saturating loss (Goodfellow et al. 2014, section 3).
    """
    return F.softplus(-logits.float())


def relativistic(real: Tensor, fake: Tensor) -> Tensor:
    """-log sigmoid(real - fake), pair by pair (Jolicoeur-Martineau 2018; Huang et al. 2024).

    The discriminator's loss; with the arguments exchanged, the generator's.
    """
    return F.softplus(fake.float() - real.float())


def squared_error(logits: Tensor, target: float) -> Tensor:
    """(logits - target)^2 / 2 (Mao et al. 2017, equation 9)."""
    return 0.5 * (logits.float() - target).square()


def hinge(logits: Tensor) -> Tensor:
    """max(0, 1 - logits) (Lim and Ye 2017)."""
    return F.relu(1.0 - logits.float())
