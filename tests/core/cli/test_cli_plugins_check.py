"""`genzoo plugins check` on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from pocket import write_pocket

from .conftest import Run


@pytest.fixture
def pocket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes a project, whose name must be its own."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def write(name: str, **changes: tuple[str, str]) -> Path:
        return write_pocket(tmp_path / name, name, changes)

    return write


def test_a_sound_plugin(run: Run, pocket) -> None:
    result = run("plugins", "check", pocket("pocket_cli_sound"))
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["what", "check", "found"]
    assert {line.split()[0] for line in lines[1:]} == {"ok"}
    assert any("pocket with moments" in line and " resume " in line for line in lines)
    assert f"All {len(lines) - 1} checks hold." in result.stderr


def test_a_failure_is_explained(run: Run, pocket) -> None:
    dead = '"dead": x.detach().flatten(1).sum(1), '
    change = ('{"mean": (x', "{" + dead + '"mean": (x')
    folder = pocket("pocket_cli_flawed", networks=change)
    result = run("plugins", "check", folder, code=1)
    (row,) = [line for line in result.stdout.splitlines() if line.startswith("FAILED")]
    assert "pocket with moments" in row
    assert "Without any gradient: moments/dead." in row
    explanation = result.stdout.partition("pocket with moments: terms\n")[2]
    assert "why it matters  A term without a gradient" in explanation
    assert "networks.py:" in explanation
    assert "breaks the plugin contract in 1 of" in result.stderr


def test_json(run: Run, pocket) -> None:
    folder = pocket("pocket_cli_json", configs=('ge=1, le=64, description="Channels."', ""))
    result = run("plugins", "check", folder, "--json", code=1)
    told = json.loads(result.stdout)
    assert told["ok"] is False
    (failure,) = [row for row in told["results"] if not row["ok"]]
    assert (failure["subject"], failure["check"]) == ("architecture pocket", "config-documented")
    assert failure["where"].endswith("configs.py:5")
    assert set(failure) == {"subject", "check", "ok", "detail", "why", "where"}


def test_an_unknown_plugin(run: Run) -> None:
    result = run("plugins", "check", "genzoo-toy", code=2)
    assert "Did you mean genzoo-toys" in result.stderr
