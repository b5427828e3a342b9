"""Fixtures for all tests. Nothing here touches the user's own cache."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from genzoo import Model
    from genzoo.registry import Registry

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Free bytes in memory from which on tests write there."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' folders in memory where it has room for them.

    Whatever is saved is waited for until it is on the disk, which takes longer than most tests.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the files with slow tests come first where processes share the files.

    So no process is left with a long file when the others have finished.
    """
    if config.getoption("numprocesses", None) or hasattr(config, "workerinput"):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(autouse=True)
def _unknown_machine(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What else this machine does is nothing that a test should hear of."""
    nowhere = tmp_path_factory.getbasetemp() / "no-statistics"
    monkeypatch.setattr("genzoo.system.processors.STATISTICS", nowhere)


@pytest.fixture
def hasty_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor judges runs of 20 steps as if they were long ones."""
    monkeypatch.setattr("genzoo.doctor.history.LEAST_STEPS", 20)
    monkeypatch.setattr("genzoo.doctor.evidence.LEAST_TRAINING", 20)
    monkeypatch.setattr("genzoo.training.doctor_while_training.LEAST_BETWEEN", 10)


@pytest.fixture
def registry() -> Registry:
    """The toys of `toys.py`."""
    from toys import toy_registry

    return toy_registry()


@pytest.fixture
def toy_gan(registry: Registry) -> Model:
    """An unconditional toy GAN of 3x8x8 images, its batch norm away from its initial state."""
    from genzoo.model.build import build_model
    from genzoo.specs import SampleSpec

    model = build_model(registry, "toy-gan", SampleSpec(shape=(3, 8, 8)), {}, seed=1)
    _stir(model)
    return model


@pytest.fixture
def toy_vae(registry: Registry) -> Model:
    """A toy VAE of 3x8x8 images with a fitted prior `shifted`."""
    import torch
    from toys import LATENT, ToyPrior, ToyPriorConfig

    from genzoo.model.build import build_model
    from genzoo.specs import SampleSpec

    model = build_model(registry, "toy-vae", SampleSpec(shape=(3, 8, 8)), {}, seed=2)
    prior = ToyPrior(model.latent_spec, ToyPriorConfig(scale=0.5))
    model.add_priors({"shifted": prior.fit(torch.full((4, LATENT), 3.0), 0)})
    return model


@pytest.fixture
def artifact(toy_gan: Model, registry: Registry, tmp_path: Path) -> Path:
    """The toy GAN on disk."""
    from genzoo.artifact.save import save_model

    folder = tmp_path / "artifact"
    save_model(toy_gan, folder, registry=registry, preview=False)
    return folder


def _stir(model: Model) -> None:
    import torch
    from torch import nn

    generator = torch.Generator().manual_seed(3)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_(generator=generator)
            module.running_var.uniform_(0.5, 2.0, generator=generator)
            module.num_batches_tracked.fill_(1234567)
