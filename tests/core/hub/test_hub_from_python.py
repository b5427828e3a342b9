"""What the command line does with the Hub, from Python in one call."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hub_server import HubServer
from published import NAME

import genzoo
from genzoo import Model, UsageError
from genzoo.registry import Registry


def test_a_model_is_saved_pushed_pulled_verified_and_loaded(
    hub: HubServer, token: str, toy_gan: Model, registry: Registry, tmp_path: Path
) -> None:
    heard: list[tuple[str, int, int]] = []

    def progress(what: str, done: int, total: int) -> None:
        heard.append((what, done, total))

    folder = genzoo.save_model(toy_gan, tmp_path / "saved", preview=False, registry=registry)
    pushed = genzoo.push(folder, NAME, licence="CC0-1.0", progress=progress, registry=registry)
    assert hub.repositories[NAME].refs["main"] == pushed.commit
    assert [what for what, _, _ in heard[:1]] == ["Checking the files"]
    heard.clear()
    pulled = genzoo.pull(NAME, progress=progress, registry=registry)
    assert heard[-2][1] == heard[-2][2] > 0
    assert genzoo.verify(NAME, registry=registry).ok
    model = genzoo.load(NAME, registry=registry)
    assert (model.name, model.architecture_name) == (NAME, "genzoo-toys/toy-gan")
    assert torch.equal(model.sample(2), toy_gan.sample(2))
    (pulled / "test" / "golden.safetensors").write_bytes(b"")
    assert not genzoo.verify(pulled, registry=registry).ok


def test_a_model_made_of_another_keeps_what_that_was_trained_on(
    toy_gan: Model, registry: Registry, tmp_path: Path
) -> None:
    from genzoo.artifact.format import read_config

    first = genzoo.save_model(
        toy_gan, tmp_path / "a", preview=False, training={"steps": 7}, registry=registry
    )
    loaded = genzoo.load(first, registry=registry)
    second = genzoo.save_model(
        loaded,
        tmp_path / "b",
        like=first,
        preview=False,
        training={"note": 1},
        half=True,
        registry=registry,
    )
    config = read_config(second)
    assert config.training == {"steps": 7, "note": 1}
    assert config.dtype == "float16"
    with pytest.raises(UsageError, match="holds no model"):
        genzoo.save_model(loaded, tmp_path, registry=registry)
