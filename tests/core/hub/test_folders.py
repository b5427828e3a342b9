"""Models in folders of a repository, as in those of diffusion pipelines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from hub_server import HubServer
from published import NAME
from safetensors.torch import save

import genzoo
from genzoo import FormatSpec, Model, hookimpl
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]


class Formats:
    """A plugin that reads the toys of others."""

    @hookimpl
    def genzoo_formats(self) -> list[FormatSpec]:
        return [FormatSpec(name="toy-format", target="toy_formats:read")]


@pytest.fixture
def pipeline(hub: HubServer, manager: PluginManager, toy_gan: Model) -> str:
    """Two models of other software in folders, and an index at the root; its commit."""
    manager.add(Formats(), "genzoo-formats", "1")
    repository = hub.add(NAME)
    repository.put("model_index.json", b'{"_class_name": "ToyPipeline"}')
    weights = toy_gan.parts["generator"].state_dict()
    for folder, factor in (("vae", 1.0), ("parts/unet", 2.0)):
        repository.put(f"{folder}/config.json", json.dumps({"maker": "toys", "width": 4}).encode())
        scaled = {name: (one * factor).to(one.dtype) for name, one in weights.items()}
        repository.put(f"{folder}/toy.safetensors", save(scaled))
    return repository.refs["main"]


@pytest.mark.usefixtures("pipeline")
def test_a_folder_is_a_model_of_its_own(run: Run, hub: HubServer) -> None:
    run("sample", f"{NAME}/vae", "-n", 2, "-o", "a.npz")
    run("sample", f"{NAME}/parts/unet", "-n", 2, "-o", "b.npz")
    with np.load("a.npz") as one, np.load("b.npz") as two:
        assert (one["images"] != two["images"]).any()
    hub.requests.clear()
    run("sample", f"{NAME}/vae", "-n", 2, "-o", "c.npz")
    assert hub.requests == []
    assert Path("a.npz").read_bytes() == Path("c.npz").read_bytes()
    names = {row["name"] for row in json.loads(run("models", "--json").stdout)}
    assert {f"{NAME}/vae", f"{NAME}/parts/unet"} <= names
    assert json.loads(run("verify", f"{NAME}/vae", "--json").stdout)["ok"] is True


def test_it_is_shown_pinned_and_loaded_by_that_name(run: Run, pipeline: str) -> None:
    assert json.loads(run("info", f"{NAME}/vae", "--json").stdout)["parameters"] > 100
    assert "toy.safetensors" in run("pull", f"{NAME}/vae", "--dry-run").stdout
    run("pull", f"{NAME}/vae@{pipeline}")
    assert genzoo.load(f"{NAME}/vae@{pipeline}").name == f"{NAME}/vae@{pipeline}"


@pytest.mark.usefixtures("pipeline")
def test_the_root_says_which_folders_hold_models(run: Run) -> None:
    refused = run("sample", NAME, code=1).stderr
    assert "its folders parts/unet, vae may be" in " ".join(refused.split())
    assert f"{NAME}/vae" in refused
    missing = run("sample", f"{NAME}/vea", code=2).stderr
    assert "no folder" in missing
    assert "vae" in missing


@pytest.mark.usefixtures("pipeline", "token")
def test_a_model_is_not_published_into_a_folder(run: Run) -> None:
    run("pull", f"{NAME}/vae")
    refused = run("push", f"{NAME}/vae", "owner/other/vae", code=2).stderr
    assert "is a folder of a repository" in refused
