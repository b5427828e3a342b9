"""A model that was trained through a large autoencoder of the Hub names it, and finds it again."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import toy_autoencoders
import toy_objectives
from hub_server import HubServer
from published import NAME, publish
from toy_autoencoders import save_autoencoder

import genzoo
from genzoo.errors import ArtifactError
from genzoo.hub.cache import list_cached
from genzoo.registry import Registry
from genzoo.training import through_autoencoder


@pytest.fixture
def registry(registry: Registry) -> Registry:
    registry.add_all(toy_autoencoders.genzoo_architectures(), "genzoo-autoencoders", "1")
    registry.add_all(toy_objectives.genzoo_objectives(), "genzoo-toy-objectives", "1")
    return registry


@pytest.fixture
def trained(
    hub: HubServer, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The artifact of a run through `NAME` on the Hub, whose weights count as large."""
    monkeypatch.setattr(through_autoencoder, "CARRIED_BYTES", 0)
    publish(hub, save_autoencoder(tmp_path / "autoencoder", registry, scale=3.0))
    images = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 3), dtype=np.uint8)
    result = genzoo.train(
        "toy-gan",
        images,
        tmp_path / "run",
        through=NAME,
        steps=2,
        batch_size=8,
        registry=registry,
    )
    return result.artifact


def test_its_weights_are_fetched_when_the_model_is_used(
    trained: Path, hub: HubServer, registry: Registry
) -> None:
    made = genzoo.load(trained, registry=registry)
    assert made.through is not None
    (cached,) = list_cached()
    assert made.through.source.reference == f"{NAME}@{cached.commit}"
    expected = made.sample(3)
    shutil.rmtree(cached.folder.parent)
    hub.requests.clear()
    assert torch.equal(genzoo.load(trained, registry=registry).sample(3), expected)
    assert any(path.endswith("model.safetensors") for path in hub.downloads())
    assert genzoo.verify(trained, registry=registry).ok


def test_its_own_file_is_without_them(trained: Path) -> None:
    from safetensors import safe_open

    with safe_open(trained / "model.safetensors", "pt") as file:
        names = set(file.keys())
    assert {"through.mean", "through.deviation"} <= names
    assert not any(name.startswith("through.autoencoder.") for name in names)


def test_other_weights_under_that_name_are_refused(trained: Path, registry: Registry) -> None:
    (cached,) = list_cached()
    other = save_autoencoder(trained.parent / "other", registry, scale=9.0)
    for file in ("config.json", "model.safetensors"):
        shutil.copy(other / file, cached.folder / file)
    with pytest.raises(ArtifactError, match=r"altered|is not the autoencoder"):
        genzoo.load(trained, registry=registry)
