"""Models of other software on the Hub, which a plugin's format reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hub_server import HubServer
from published import NAME
from safetensors.torch import save

from genzoo import FormatSpec, Model, hookimpl
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]


class Formats:
    """A plugin that reads the toys of others."""

    @hookimpl
    def genzoo_formats(self) -> list[FormatSpec]:
        return [FormatSpec(name="toy-format", target="toy_formats:read")]


@pytest.fixture
def foreign(hub: HubServer, manager: PluginManager, toy_gan: Model) -> None:
    """Weights as safetensors and as a pickle."""
    manager.add(Formats(), "genzoo-formats", "1")
    repository = hub.add(NAME)
    repository.put("config.json", json.dumps({"maker": "toys", "width": 4}).encode())
    repository.put("toy.safetensors", save(toy_gan.parts["generator"].state_dict()))
    repository.put("toy.bin", b"pickled")


@pytest.mark.usefixtures("foreign")
def test_it_is_pulled_without_the_rest_and_sampled(run: Run, hub: HubServer) -> None:
    assert run("sample", NAME, "-n", 2, "-o", "a.npz").stdout == "a.npz\n"
    sent = {path.rpartition("/")[2] for path in hub.downloads()}
    assert sent == {"config.json", "toy.safetensors"}
    hub.requests.clear()
    run("sample", NAME, "-n", 2, "-o", "b.npz")
    assert hub.requests == []
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()
    assert json.loads(run("verify", NAME, "--json").stdout)["ok"] is True


@pytest.mark.usefixtures("foreign")
def test_it_is_shown_before_and_after(run: Run) -> None:
    assert json.loads(run("info", NAME, "--json").stdout)["parameters"] > 100
    assert "toy.safetensors" in run("pull", NAME, "--dry-run").stdout
    run("pull", NAME)
    facts = json.loads(run("info", NAME, "--json").stdout)
    assert facts["format"] == "genzoo-formats/toy-format"
    (row,) = json.loads(run("models", "--json").stdout)
    assert row["name"] == NAME


@pytest.mark.usefixtures("foreign")
def test_it_is_locked(run: Run) -> None:
    run("lock", NAME)
    run("models", "rm", NAME)
    assert Path(run("pull", "--locked").stdout.strip(), "toy.safetensors").is_file()
