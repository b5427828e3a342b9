"""Distributions that look installed: metadata, entry points and a module on the path."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from genzoo.plugins.manager import PluginManager
from genzoo.plugins.plugin_status import PluginStatus

Install = Callable[..., str]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder on the path; the modules of the tests are forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delenv("GENZOO_PLUGINS", raising=False)
    monkeypatch.delenv("GENZOO_NO_PLUGINS", raising=False)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if name.startswith("plug_"):
            del sys.modules[name]


@pytest.fixture
def install(site: Path) -> Install:
    """Install a distribution of one module `plug_NAME` and return its distribution's name."""

    def install(
        name: str,
        code: str,
        *,
        version: str = "1.0",
        requires: tuple[str, ...] = ("genzoo>=0.1",),
        entry_points: str | None = None,
    ) -> str:
        module = f"plug_{name}"
        (site / f"{module}.py").write_text(dedent(code))
        info = site / f"genzoo_{name}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: genzoo_{name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {requirement}" for requirement in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        text = entry_points or f"[genzoo.plugins]\n{name} = {module}\n"
        (info / "entry_points.txt").write_text(text)
        importlib.invalidate_caches()
        return f"genzoo-{name}"

    return install


@pytest.fixture
def load() -> Callable[[str], PluginStatus]:
    """Discover everything and return what became of one distribution's only plugin."""

    def load(distribution: str) -> PluginStatus:
        manager = PluginManager.discover()
        (status,) = [s for s in manager.statuses if s.distribution == distribution]
        others = [s for s in manager.statuses if s.distribution != distribution]
        assert [s.state for s in others] == ["loaded"] * len(others)
        return status

    return load
