"""A training step by hand, so that objectives are tested apart from the trainer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

import pytest
import torch
from torch import nn

from genzoo import (
    Architecture,
    Batch,
    Config,
    Phase,
    SampleSpec,
    StandardNormal,
    Step,
    Term,
    TrainingContext,
)
from genzoo_gan.configs import ConvGANConfig
from genzoo_gan.convgan import ConvGAN


@pytest.fixture(autouse=True)
def _seed() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture
def small() -> Architecture:
    """Convgan at 16 pixels, tiny."""
    return ConvGAN(ConvGANConfig(latent_dim=8, width=4), SampleSpec(shape=(3, 16, 16)))


@pytest.fixture
def parts(small: Architecture) -> Mapping[str, nn.Module]:
    return small.build()


@pytest.fixture
def context(small: Architecture) -> TrainingContext:
    return TrainingContext(small.sample, small.latent, 10_000, 6, 100)


@pytest.fixture
def make_step(small: Architecture) -> Callable[..., Step]:
    """A step on six random images."""

    def make(parts: Mapping[str, nn.Module], labels: torch.Tensor | None = None) -> Step:
        x = torch.rand(6, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
        return Step(
            index=0,
            total=100,
            batch=Batch(x, labels),
            parts=parts,
            prior=StandardNormal(small.latent),
        )

    return make


@pytest.fixture
def reduce_terms() -> Callable[[Phase, Step], torch.Tensor]:
    """Means, weights and sum of a phase's terms, with the contract checked."""

    def reduce(phase: Phase, step: Step) -> torch.Tensor:
        total = torch.zeros(())
        for term in phase.loss(step).values():
            value, weight = (term.value, term.weight) if isinstance(term, Term) else (term, 1.0)
            assert value.shape == (len(step.batch),)
            assert value.dtype == torch.float32
            total = total + weight * value.mean()
        return total

    return reduce


OBJECTIVES = {
    "gan": ("logistic:LogisticGAN", "GANConfig", {}),
    "lsgan": ("least_squares:LeastSquaresGAN", "LSGANConfig", {}),
    "hinge": ("hinge:HingeGAN", "HingeConfig", {}),
    "wgan-gp": ("wasserstein:WassersteinGAN", "WGANGPConfig", {}),
    "r3gan": ("relativistic:RelativisticGAN", "R3GANObjectiveConfig", {}),
    "r3gan-every-step": (
        "relativistic:RelativisticGAN",
        "R3GANObjectiveConfig",
        {"penalty_every": 1},
    ),
}


@pytest.fixture(params=OBJECTIVES)
def objective_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def make_objective(context: TrainingContext) -> Callable[..., object]:
    """An objective by name, with options."""

    def make(name: str, context: TrainingContext = context, **options: object) -> object:
        target, config_name, defaults = OBJECTIVES[name]
        module, _, attribute = target.partition(":")
        kind = getattr(import_module(f"genzoo_gan.objectives.{module}"), attribute)
        config: type[Config] = getattr(import_module("genzoo_gan.configs"), config_name)
        return kind(config(**{**defaults, **options}), context)

    return make
