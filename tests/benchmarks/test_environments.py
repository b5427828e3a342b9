"""Environments of toolkits, with a toolkit made for the purpose."""

import subprocess
from pathlib import Path

import pytest
from environments import write_wheel
from toolkits.environments import Toolkit, interpreter

SEES_BOTH = "import importlib.util as u; import tool; print(tool.WHO, bool(u.find_spec('torch')))"


def run(python: str, code: str) -> str:
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout


def test_an_environment_adds_its_toolkit_to_what_is_there_and_is_made_once(tmp_path: Path):
    first = write_wheel(tmp_path, "tool", {"tool.py": "WHO = 'first'"}, version="1.0")
    python = interpreter(Toolkit("tool", (str(first),)), tmp_path / "environments")
    assert run(python, SEES_BOTH) == "first True\n"
    made = Path(python).lstat().st_mtime_ns
    interpreter(Toolkit("tool", (str(first),)), tmp_path / "environments")
    assert Path(python).lstat().st_mtime_ns == made
    second = write_wheel(tmp_path, "tool", {"tool.py": "WHO = 'second'"}, version="2.0")
    interpreter(Toolkit("tool", (str(second),)), tmp_path / "environments")
    assert run(python, SEES_BOTH) == "second True\n"


def test_what_cannot_be_installed_is_said_and_not_kept(tmp_path: Path):
    missing = Toolkit("tool", (str(tmp_path / "tool-1.0-py3-none-any.whl"),))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="tool cannot be installed"):
            interpreter(missing, tmp_path / "environments")
