"""A model does not say how far off its golden samples may be, nor how many there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from genzoo import Model
from genzoo.artifact.file_hashes import describe_file
from genzoo.artifact.save import save_model
from genzoo.artifact.verify import verify
from genzoo.registry import Registry

GOLDEN = "test/golden.safetensors"


@pytest.fixture
def folder(toy_vae: Model, registry: Registry, tmp_path: Path) -> Path:
    """A model that encodes, of samples in [0, 1]."""
    save_model(toy_vae, tmp_path / "vae", registry=registry, preview=False)
    return tmp_path / "vae"


def change(folder: Path, name: str, more: float, **claims: str) -> None:
    """Add to one golden value, change what the file says of itself, and record its hash."""
    path = folder / GOLDEN
    with safe_open(path, framework="pt") as file:
        metadata = {**file.metadata(), **claims}
    tensors = {key: tensor.clone() for key, tensor in load_file(path).items()}
    tensors[name].view(-1)[-1] += more
    path.unlink()
    save_file(tensors, path, metadata)
    config = json.loads((folder / "config.json").read_text())
    config["files"][GOLDEN] = describe_file(path).model_dump()
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("claim", ["1e9", "inf", "nan", "-1", "much"])
def test_a_model_does_not_say_how_far_off_it_may_be(
    claim: str, folder: Path, registry: Registry
) -> None:
    claims = {"tolerance.samples": claim, "tolerance.encoded": claim}
    change(folder, "encoded", 0.5, **claims)
    assert not verify(folder, registry).ok


def test_a_stricter_tolerance_is_kept(folder: Path, registry: Registry) -> None:
    change(folder, "encoded", 0.005, **{"tolerance.encoded": "0.001"})
    assert not verify(folder, registry).ok


def test_more_latents_than_are_stored_are_not_replayed(folder: Path, registry: Registry) -> None:
    path = folder / GOLDEN
    tensors = load_file(path)
    path.unlink()
    save_file({"latents": tensors["latents"][:1].expand(100_000, -1).contiguous()}, path)
    config = json.loads((folder / "config.json").read_text())
    config["files"][GOLDEN] = describe_file(path).model_dump()
    (folder / "config.json").write_text(json.dumps(config))
    assert "was made for another model" in verify(folder, registry).findings[-1].detail
