"""The catalogue's records."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import genzoo_zoo
from genzoo.records import DatasetSpec, ModelSpec


def test_importing_the_catalogue_imports_nothing_heavy():
    code = (
        "import sys, genzoo_zoo; genzoo_zoo.genzoo_datasets(); genzoo_zoo.genzoo_models();"
        "print([name for name in ('torch', 'numpy', 'PIL', 'pydantic') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"


def test_the_data_sets():
    found = {one.name: one for one in genzoo_zoo.genzoo_datasets()}
    assert all(isinstance(one, DatasetSpec) for one in found.values())
    assert (found["peeps"].count, found["peeps"].licence) == (11896, "CC0-1.0")
    assert (found["names"].count, found["names-held-out"].count) == (7580, 842)


def test_every_bundled_model_has_a_readable_card():
    for model in genzoo_zoo.genzoo_models():
        assert isinstance(model, ModelSpec)
        assert Path(model.location).is_dir()


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(genzoo_zoo, "MODELS", tmp_path)
    return tmp_path


def write_card(models: Path, name: str, **facts) -> None:
    (models / name).mkdir()
    (models / name / "card.json").write_text(json.dumps({"name": name, **facts}))


def test_models_are_read_from_their_cards(models):
    write_card(
        models,
        "b-model",
        summary="Second",
        architecture="dcgan",
        licence="Apache-2.0",
        tags=["gan", "64x64"],
    )
    write_card(models, "a-model", architecture="conv-vae")
    (models / "no-card").mkdir()
    first, second = genzoo_zoo.genzoo_models()
    assert first == ModelSpec(
        name="a-model", architecture="conv-vae", location=str(models / "a-model")
    )
    assert second == ModelSpec(
        name="b-model",
        summary="Second",
        architecture="dcgan",
        location=str(models / "b-model"),
        licence="Apache-2.0",
        tags=("gan", "64x64"),
    )


def test_without_models_there_are_none(models):
    models.rmdir()
    assert list(genzoo_zoo.genzoo_models()) == []
