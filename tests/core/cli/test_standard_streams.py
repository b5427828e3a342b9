"""A run does not depend on whether somebody reads what it says."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genzoo.cli.standard_streams import lasting_streams
from genzoo.errors import StorageError

GENZOO = [sys.executable, "-m", "genzoo"]


class Broken:
    """A stream that cannot be written to."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, number: int) -> None:
        self.number = number

    def write(self, text: str) -> int:
        raise OSError(self.number, os.strerror(self.number))

    def flush(self) -> None:
        self.write("")

    def fileno(self) -> int:
        raise ValueError("none")


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO, errno.ENOSPC])
def test_messages_that_nobody_gets_are_dropped(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    broken = Broken(number)
    monkeypatch.setattr(sys, "stderr", broken)
    with lasting_streams():
        for _ in range(3):
            print("message", file=sys.stderr, flush=True)
    assert sys.stderr is broken  # type: ignore[comparison-overlap]


def test_results_that_nobody_gets_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(errno.ENOSPC))
    with pytest.raises(StorageError, match="Standard output cannot be written"), lasting_streams():
        print("result")


@pytest.fixture
def train(tmp_path: Path) -> list[str]:
    """A command that trains a small run in `tmp_path / "run"`, with a line of the log a step."""
    images = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), dtype=np.uint8)
    np.savez(tmp_path / "data.npz", images=images)
    size = ["--width", "4", "--batch-size", "4", "--tracker", "none", "--augment", "none"]
    often = ["--log-every", "1", "--checkpoint-every", "1000000"]
    place = [str(tmp_path / "data.npz"), "-o", str(tmp_path / "run")]
    return [*GENZOO, "train", "convgan", *place, "--size", "16", *size, *often]


@pytest.mark.slow
@pytest.mark.parametrize("streams", ["closed", "full", "broken"])
def test_a_run_ends_as_it_should_without_streams(
    tmp_path: Path, train: list[str], streams: str
) -> None:
    if streams == "broken":
        reading, writing = os.pipe()
        os.close(reading)
        outcome = subprocess.run([*train, "--steps", "3"], stdout=writing, stderr=writing)
        os.close(writing)
    else:
        where = {"closed": "<&- >&- 2>&-", "full": "</dev/null >/dev/full 2>/dev/full"}[streams]
        outcome = subprocess.run(
            ["bash", "-c", f'"$@" {where}', "bash", *train, "--steps", "3"], capture_output=True
        )
    assert outcome.returncode in (0, 1)
    assert list((tmp_path / "run" / "checkpoints").iterdir())
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 3
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"run.json", "artifact", "samples"} <= names


@pytest.mark.slow
def test_a_terminal_that_goes_away_costs_nothing(tmp_path: Path, train: list[str]) -> None:
    ours, theirs = os.openpty()
    log = tmp_path / "run" / "metrics.jsonl"
    with subprocess.Popen(
        [*train, "--steps", "3000000"], stdin=theirs, stdout=theirs, stderr=theirs
    ) as run:
        os.close(theirs)
        wait_for(lambda: log.exists() and log.stat().st_size > 0)
        os.close(ours)
        steps = log.read_text().count("\n")
        wait_for(lambda: log.read_text().count("\n") > steps + 5)
        run.send_signal(signal.SIGHUP)
        run.send_signal(signal.SIGHUP)
        assert run.wait(60) == 130
    assert list((tmp_path / "run" / "checkpoints").iterdir())


def wait_for(condition: Any) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")
