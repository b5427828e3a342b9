"""Small networks, and a training step by hand."""

from __future__ import annotations

import pytest
import torch

import genzoo
from gaussian import normal
from genzoo import Batch, SampleSpec, StandardNormal, Step, TrainingContext
from genzoo_diffusion.architecture import Diffusion
from genzoo_diffusion.configs import DDPMUNetConfig

CLASSES = ("a", "b", "c")
TINY = {"width": 8, "timesteps": 50, "sampling_steps": 4}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def make_architecture():
    """`ddpm-unet`, tiny, for 16 pixels and three classes."""

    def make(classes=CLASSES, kind=DDPMUNetConfig, **config):
        sample = SampleSpec(shape=(1, 16, 16), classes=classes)
        tiny = {name: value for name, value in TINY.items() if name in kind.model_fields}
        return Diffusion(kind.model_validate({**tiny, **config}), sample)

    return make


@pytest.fixture
def make_model():
    """The same as an installed model, through the registry."""

    def make(classes=CLASSES, **config):
        return genzoo.build(
            "ddpm-unet", size=16, channels=1, classes=classes, config={**TINY, **config}, seed=1
        )

    return make


@pytest.fixture
def make_context():
    def make(architecture):
        return TrainingContext(architecture.sample, architecture.latent, 100, 6, 10)

    return make


@pytest.fixture
def make_step():
    """A step on `x`, by default six images of noise."""

    def make(generator, x=None, labels=None):
        x = normal(6, 1, 16, 16, seed=0).float().clamp(-1, 1) if x is None else x
        return Step(
            index=0,
            total=10,
            batch=Batch(x, labels),
            parts={"generator": generator},
            prior=StandardNormal(genzoo.LatentSpec(shape=tuple(x.shape[1:]))),
        )

    return make


@pytest.fixture
def labels():
    return torch.tensor([0, 1, 2, 0, 1, 2])
