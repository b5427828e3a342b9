"""Commands beside a Hub on loopback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import toys
from bundled_metrics import manager_with_metrics
from click.testing import CliRunner, Result
from local_hub import _serving, hub, token

from genzoo.cli.main import main
from genzoo.plugins import manager as plugin_manager
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]

__all__ = ["_serving", "hub", "token"]


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
