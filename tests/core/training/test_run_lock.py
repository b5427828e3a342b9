"""One run is trained by one process at a time, and by one that dies no longer."""

from __future__ import annotations

import errno
import fcntl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from genzoo.errors import UsageError
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.reporter import Reporter
from genzoo.training.run_folder import LOCK, RunFolder, only_trainer

HOLD = """
import sys, time
from pathlib import Path
from genzoo.training.run_folder import only_trainer
with only_trainer(Path(sys.argv[1]), print):
    print("held", flush=True)
    time.sleep(60)
"""


def said(message: str) -> None:
    raise AssertionError(message)


def test_a_second_trainer_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match="in training already"), only_trainer(tmp_path, said):
            pass
        first.kill()
    with only_trainer(tmp_path, said):
        pass


def test_a_resume_meanwhile_is_refused_and_the_run_goes_on(
    tmp_path: Path, registry: Any, make_plan: Any
) -> None:
    run = tmp_path / "run"
    refused: list[UsageError] = []

    class ResumesToo(Reporter):
        def stepped(self, step: int) -> None:
            if step == 6:
                with pytest.raises(UsageError) as caught:
                    resume_run(run, registry, changes={"steps": 20})
                refused.append(caught.value)

    train_run(make_plan(steps=12), run, registry, ResumesToo())
    assert "in training already" in refused[0].message
    lines = (run / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == 6
    assert resume_run(run, registry, changes={"steps": 14}).steps == 14


def test_of_two_runs_in_one_folder_one_is_refused(
    tmp_path: Path, registry: Any, make_plan: Any
) -> None:
    outcomes: list[str] = []
    together = threading.Barrier(2)

    class Together(Reporter):
        def note(self, message: str) -> None:
            pass

    def train() -> None:
        together.wait()
        try:
            train_run(make_plan(steps=4), tmp_path / "run", registry, Together())
            outcomes.append("trained")
        except UsageError as error:
            outcomes.append(error.message)

    threads = [threading.Thread(target=train) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("trained") == 1
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_disk_without_locks_is_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def flock(handle: int, operation: int) -> None:
        raise OSError(number, "no locks")

    monkeypatch.setattr(fcntl, "flock", flock)
    notes: list[str] = []
    with only_trainer(tmp_path, notes.append):
        pass
    (note,) = notes
    assert "its disk has no locks" in note


def test_a_lock_is_not_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("mine")
    (tmp_path / LOCK).symlink_to("outside")
    with pytest.raises(OSError, match="symbolic"), only_trainer(tmp_path, said):
        pass
    assert (tmp_path / "outside").read_text() == "mine"


def test_a_folder_with_a_lock_alone_is_free(tmp_path: Path) -> None:
    (tmp_path / LOCK).touch()
    RunFolder(tmp_path).check_free()
