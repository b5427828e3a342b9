"""ADA: augmentation whose strength follows how far the discriminator overfits, or a schedule.

Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data" (arXiv:2006.06676).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from genzoo import Noise, ramp
from genzoo_gan.adaptive.chance import Chance
from genzoo_gan.adaptive.colour import random_colours, recolour, recolour_with_alpha
from genzoo_gan.adaptive.geometry import random_places, warp
from genzoo_gan.diff_augment import ALPHA_CHANNELS

INTERVAL = 4
"""Batches of the discriminator from one adjustment to the next."""

MOST = 0.99
"""Of the probability: at 1 the generator could not tell turned images from upright ones."""


class ImageAugment:
    """Transforms places and colours, each kind of it with one probability.

    Args:
        low: Least value of a sample.
        high: Greatest value of a sample.

    Attributes:
        probability: At 0 samples stay as they are.
    """

    def __init__(self, low: float, high: float) -> None:
        self.probability = 0.0
        self._range = (low, high)

    def __call__(self, x: Tensor, noise: Noise) -> Tensor:
        """Augment images (N, C, H, W) in float32. Values may leave the range."""
        if self.probability == 0.0:
            return x
        chance = Chance(noise, self.probability)
        with torch.autocast(x.device.type, enabled=False):
            moved = warp(x.float(), random_places(chance, x.shape[2], x.shape[3]))
            colours = random_colours(chance, min(x.shape[1], 3))
            change = recolour_with_alpha if x.shape[1] == ALPHA_CHANNELS else recolour
            return change(moved, *colours, *self._range).to(x.dtype)


class ScheduledAugment(ImageAugment):
    """Its probability goes along a cosine from 0 to its end, as in Huang et al. 2024.

    Args:
        end: The probability at the end, at most `MOST`.
        over: Share of the run after which it is reached.
        low: Least value of a sample.
        high: Greatest value of a sample.
    """

    def __init__(self, end: float, over: float, low: float, high: float) -> None:
        super().__init__(low, high)
        self._end = end
        self._over = over

    def proceed(self, index: int, total: int) -> None:
        """Take the probability of training step `index`, from 0, of `total`."""
        self.probability = self._end * ramp(index, self._over * total, "cosine")


class AdaptiveAugment(ImageAugment):
    """Its probability is adjusted to how far the discriminator overfits.

    Args:
        target: Mean sign of the discriminator's verdicts on real samples that is aimed at.
        images: Real samples over which the probability goes from 0 to 1.
        batch_size: Real samples in a batch.
        low: Least value of a sample.
        high: Greatest value of a sample.
    """

    def __init__(
        self, target: float, images: int, batch_size: int, low: float, high: float
    ) -> None:
        super().__init__(low, high)
        self.target = target
        self._speed = batch_size / images
        self._signs = torch.zeros(())
        self._batches = 0

    def observe(self, sign: Tensor) -> None:
        """Take in the mean sign () of the verdicts on a batch of real samples; adjust if due."""
        self._signs = self._signs + sign
        self._batches += 1
        if self._batches == INTERVAL:
            self._adjust(float(self._signs) / INTERVAL)

    def _adjust(self, overfitting: float) -> None:
        direction = (overfitting > self.target) - (overfitting < self.target)
        moved = self.probability + direction * INTERVAL * self._speed
        self.probability = min(max(moved, 0.0), MOST)
        self._signs, self._batches = torch.zeros(()), 0

    def state_dict(self) -> dict[str, Tensor]:
        """The probability, and what was seen since it was adjusted."""
        return {
            "augment_probability": torch.tensor(self.probability, dtype=torch.float64),
            "augment_signs": self._signs,
            "augment_batches": torch.tensor(self._batches),
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state_dict` returned."""
        self.probability = float(state["augment_probability"])
        self._signs = state["augment_signs"]
        self._batches = int(state["augment_batches"])
