"""Where the time of an import goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from genzoo.plugins.plugin_problems import time_import


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import os

    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), before])))
    return tmp_path


def test_the_slowest_package_is_named_with_its_own_time(site: Path) -> None:
    (site / "plug_quick.py").write_text("print('import time: 9 | 9 | no')\nimport plug_slow.part\n")
    (site / "plug_slow").mkdir()
    (site / "plug_slow" / "__init__.py").write_text("")
    (site / "plug_slow" / "part.py").write_text("import time\ntime.sleep(0.6)\n")
    timing = time_import("plug_quick")
    assert timing is not None
    assert timing.slowest == "plug_slow"
    assert timing.seconds > 0.5
    assert not timing.imports_torch


def test_torch_is_seen_and_a_failure_afterwards_is_none(site: Path) -> None:
    (site / "torch.py").write_text("")
    (site / "plug_heavy.py").write_text("import torch\nraise SystemExit(3)\n")
    timing = time_import("plug_heavy")
    assert timing is not None
    assert timing.imports_torch
