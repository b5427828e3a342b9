"""A Hub on loopback, and the real client pointed at it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import toys
from bundled_metrics import manager_with_metrics
from click.testing import CliRunner, Result
from hub_server import TOKEN, HubServer

import genzoo.api  # noqa: F401 - keeps its own default_manager, whatever tests put in its place
from genzoo.cli.main import main
from genzoo.plugins import manager as plugin_manager
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]

# The client reads these when it is imported, so they must stand before any test imports it.
SERVER = HubServer()
os.environ |= {
    "HF_ENDPOINT": SERVER.url,
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HOME": tempfile.mkdtemp(prefix="hf-home-"),
}


@pytest.fixture(scope="session")
def _serving() -> Iterator[None]:
    from huggingface_hub import constants

    assert SERVER.url == constants.ENDPOINT
    SERVER.start()
    yield
    SERVER.stop()


@pytest.fixture
def hub(_serving: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """An empty Hub, reached without a token and with an empty cache."""
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    SERVER.reset()
    yield SERVER
    SERVER.reset()


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    """Log the owner in."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return TOKEN


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> PluginManager:
    """The plugins that commands see."""
    manager = manager_with_metrics()
    manager.add(toys, "genzoo-toys", "1.2.3")
    monkeypatch.setattr(plugin_manager, "default_manager", lambda: manager)
    return manager


@pytest.fixture
def run(manager: PluginManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `genzoo ARGS` with the toys in an empty folder. Nothing may escape as a traceback."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*args: object, code: int = 0) -> Result:
        result = CliRunner().invoke(main, [str(arg) for arg in args])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        assert "bug" not in result.stderr
        return result

    return run
