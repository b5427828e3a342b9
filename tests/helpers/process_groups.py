"""Starting the processes of a group as `torchrun` does, without its time to start."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from torch.distributed import TCPStore

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / name for name in ("core", "plugins", "zoo", "tests", "tests/helpers")]
SERVER = Path(__file__).with_name("process_server.py")

OWN = {"PYTHONPATH": os.pathsep.join(map(str, SOURCES)), "OMP_NUM_THREADS": "1"}
"""What the environment of each process has beside that of this one."""


@cache
def server() -> subprocess.Popen[str]:
    """The process that all others are forked from. It lives as long as this one.

    Warnings are errors in it and them.
    """
    process = subprocess.Popen(
        [sys.executable, "-W", "error", SERVER],
        env={**os.environ, **OWN},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.communicate)
    return process


def end_processes(
    command: Sequence[object], size: int = 2, environment: Mapping[str, str] | None = None
) -> list[tuple[int, str, str]]:
    """Exit code, stdout and stderr of each process of a group, when all have ended.

    Args:
        command: What each runs: a script and its arguments, or `-m`, a module and its arguments.
        size: How many there are.
        environment: Variables beside those of this process.
    """
    # As torchrun does it, the store that they meet at is not a process's own.
    store = TCPStore("127.0.0.1", 0, None, True, timedelta(seconds=60), False)
    shared = {
        **os.environ,
        **OWN,
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
        **(environment or {}),
    }
    with TemporaryDirectory() as place:
        processes = [
            {
                "command": [str(word) for word in command],
                "environment": {**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
                "out": f"{place}/{rank}.out",
                "err": f"{place}/{rank}.err",
            }
            for rank in range(size)
        ]
        codes = _answer(processes)
        return [
            (code, Path(f"{place}/{rank}.out").read_text(), Path(f"{place}/{rank}.err").read_text())
            for rank, code in enumerate(codes)
        ]


def _answer(processes: list[dict[str, object]]) -> list[int]:
    lines, answers = server().stdin, server().stdout
    assert lines
    assert answers
    lines.write(json.dumps(processes) + "\n")
    lines.flush()
    codes: list[int] = json.loads(answers.readline())
    return codes


def run_processes(
    command: Sequence[object], size: int = 2, environment: Mapping[str, str] | None = None
) -> list[str]:
    """What each of `size` processes prints; all have to succeed."""
    ended = end_processes(command, size, environment)
    for code, _, err in ended:
        assert code == 0, "\n\n".join(err for _, _, err in ended)
    return [out for _, out, _ in ended]


def runs_slow_tests(request: pytest.FixtureRequest) -> bool:
    """Whether a slow test of the module is to be run."""
    here = (item for item in request.session.items if item.path == request.path)
    return any(item.get_closest_marker("slow") for item in here)
