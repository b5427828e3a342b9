"""A distribution of small images with two modes, and generators that get it wrong."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from genzoo import Architecture, Config, Generator, LatentSpec, Model, SampleSpec
from genzoo.media.image_grids import to_uint8

SIDE = 8


class Painter(Generator):
    """Paints the left or the right half in a random colour: the truth."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        columns = torch.arange(SIDE)
        left = z[:, :1] > 0
        mask = ((columns < SIDE // 2) == left).float()[:, None, None, :]
        return torch.tanh(z[:, 1:4, None, None]) * mask * torch.ones(1, 1, SIDE, 1) - (1 - mask)


class OneSided(Painter):
    """Never paints the right half."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return super().forward(torch.cat([z[:, :1].abs(), z[:, 1:]], 1))


class Noisy(Painter):
    """Adds noise, which depends on the latent."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        waves = torch.arange(3 * SIDE * SIDE) + 100.0
        noise = torch.sin(z.sum(1, keepdim=True) * waves).view(-1, 3, SIDE, SIDE)
        return super().forward(z) + 0.6 * noise


class Copying(Painter):
    """Gives images that it was shown."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.register_buffer("images", images)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        place = torch.special.ndtr(z[:, 0]) * len(self.images)
        return self.images[place.long().clamp_max(len(self.images) - 1)]


class Painting(Architecture):
    """Whatever generator it is given."""

    def __init__(self) -> None:
        super().__init__(Config(), SampleSpec(shape=(3, SIDE, SIDE)))
        self.latent = LatentSpec(shape=(4,))

    def build(self) -> dict[str, nn.Module]:
        return {"generator": Painter()}


def painted(generator: Generator) -> Model:
    """A model with that generator."""
    return Model("tests/painting", Painting(), {"generator": generator})


def paintings(count: int, seed: int) -> np.ndarray:
    """Images of the truth, (count, 8, 8, 3) uint8."""
    model = painted(Painter())
    return to_uint8(model.sample(count, seed=seed), model.sample_spec)
