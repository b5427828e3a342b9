"""`genzoo plugins new` at the prompt."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]


def test_the_folder_is_on_stdout_and_what_to_type_next_on_stderr(run: Run, tmp_path: Path) -> None:
    result = run("plugins", "new", "flow")
    assert result.stdout == "genzoo-flow\n"
    assert (tmp_path / "genzoo-flow" / "genzoo_flow" / "architecture.py").exists()
    assert "named genzoo-flow: plugins begin with genzoo-" in result.stderr
    assert [line.strip() for line in result.stderr.splitlines() if line.startswith("    ")] == [
        "python -m pip install -e 'genzoo-flow[dev]'",
        "genzoo train flow peeps --size 32 --steps 1000 -o runs/flow",
        "genzoo plugins check genzoo-flow",
    ]


def test_a_full_name_needs_no_remark(run: Run) -> None:
    assert "plugins begin with" not in run("plugins", "new", "genzoo-flow").stderr
    assert run("plugins", "new", "tides", "-q").stderr == ""


def test_as_json(run: Run, tmp_path: Path) -> None:
    options = ("-o", "my plugin", "--architecture", "masked-flow", "--author", "Ada")
    shown = json.loads(run("plugins", "new", "flow", *options, "--json").stdout)
    following = shown.pop("next")
    assert shown == {
        "distribution": "genzoo-flow",
        "package": "genzoo_flow",
        "architecture": "masked-flow",
        "folder": "my plugin",
    }
    assert following[0] == "python -m pip install -e 'my plugin[dev]'"
    assert "genzoo train masked-flow peeps" in following[1]
    assert '{ name = "Ada" }' in (tmp_path / "my plugin" / "pyproject.toml").read_text()


def test_refusals_are_wrong_usage_and_leave_nothing(run: Run, tmp_path: Path) -> None:
    for name, options, reason in (
        ("class", (), "keyword"),
        ("gan", (), "taken"),
        ("flow", ("--architecture", "sketch"), "in genzoo-sketches"),
        ("flow", ("--author", "<>"), "not an author"),
    ):
        result = run("plugins", "new", name, *options, code=2)
        assert reason in result.stderr
        assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_what_it_models_can_be_chosen(run: Run, tmp_path: Path) -> None:
    result = run("plugins", "new", "waves", "--kind", "audio")
    assert "genzoo train waves recordings/ --seconds 0.5 --steps 1000" in result.stderr
    assert "Recordings(Kind)" in (tmp_path / "genzoo-waves/genzoo_waves/kind.py").read_text()
    assert "'video' is not one of" in run("plugins", "new", "x", "--kind", "video", code=2).stderr
