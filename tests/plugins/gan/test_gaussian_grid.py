"""The r3gan objective finds every mode of a 5x5 grid of Gaussians."""

from __future__ import annotations

import math
from copy import deepcopy
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from genzoo import (
    Batch,
    Discriminator,
    Generator,
    LatentSpec,
    SampleSpec,
    StandardNormal,
    Step,
    TrainingContext,
)
from genzoo.training.optimizers import build_optimizers
from genzoo.training.phase_runner import PhaseEngine
from genzoo_gan.configs import R3GANObjectiveConfig
from genzoo_gan.objectives.relativistic import RelativisticGAN

SPREAD = 0.1
WIDTH = 64
LATENT = LatentSpec(shape=(4,))
POINTS = SampleSpec(kind="points", shape=(2,), low=-3.0, high=3.0)
STEPS = 3000
BATCH = 256
WAVES = (torch.sin, torch.cos)


def layers(inputs: int, outputs: int) -> nn.Sequential:
    widths = [inputs, WIDTH, WIDTH, WIDTH]
    hidden = [
        layer
        for before, after in pairwise(widths)
        for layer in (nn.Linear(before, after), nn.LeakyReLU(0.2))
    ]
    return nn.Sequential(*hidden, nn.Linear(WIDTH, outputs))


class PointGenerator(Generator):
    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(4, 2)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.layers(z)


class PointDiscriminator(Discriminator):
    """Sees sines and cosines beside the place, as small networks are slow to learn sharp peaks."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(2 + 12, 1)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        waves = [wave(k * x) for k in (math.pi / 2, math.pi, 2 * math.pi) for wave in WAVES]
        return self.layers(torch.cat([x, *waves], dim=1)).flatten()


def draw(step: int) -> Batch:
    generator = torch.Generator().manual_seed(step)
    modes = torch.randint(-2, 3, (BATCH, 2), generator=generator).float()
    return Batch(modes + SPREAD * torch.randn(BATCH, 2, generator=generator))


def covered_modes(points: Tensor) -> tuple[int, float]:
    """Modes that hold a fifth of their share within three deviations, and the share of all that."""
    nearest = points.round()
    near = (points - nearest).norm(dim=1) < 3 * SPREAD
    near &= nearest.abs().amax(1) <= 2
    cells = ((nearest + 2) @ torch.tensor([5.0, 1.0])).long()[near]
    counts = torch.bincount(cells, minlength=25)
    return int((counts >= len(points) / 25 / 5).sum()), near.float().mean().item()


def train() -> nn.Module:
    """The generator's running average."""
    config = R3GANObjectiveConfig(learning_rate=1e-3, gamma=0.02, penalty_every=1, augment="none")
    objective = RelativisticGAN(config, TrainingContext(POINTS, LATENT, 10_000, BATCH, STEPS))
    parts = nn.ModuleDict({"generator": PointGenerator(), "discriminator": PointDiscriminator()})
    objective.check(parts)
    phases = objective.phases()
    engine = PhaseEngine(phases, parts, build_optimizers(objective, phases, parts))
    average, prior = deepcopy(parts["generator"]), StandardNormal(LATENT)
    for index in range(STEPS):
        step = Step(
            index=index,
            total=STEPS,
            batch=draw(index),
            parts=parts,
            prior=prior,
            identity=(0, index),
        )
        engine.run(index, lambda step=step: [step])
        with torch.no_grad():
            torch._foreach_lerp_(
                list(average.parameters()), list(parts["generator"].parameters()), 0.01
            )
    return average


def test_uniform_points_would_not_pass() -> None:
    covered, near = covered_modes(torch.rand(5000, 2) * 5 - 2.5)
    assert covered == 25
    assert near < 0.35


@pytest.mark.slow
def test_all_modes_are_covered() -> None:
    torch.manual_seed(0)
    generator = train()
    with torch.no_grad():
        covered, near = covered_modes(generator(torch.randn(5000, 4)))
    assert covered == 25
    assert near > 0.45
