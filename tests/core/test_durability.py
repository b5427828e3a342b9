"""What has its name has its content on the disk: every write is synchronised, and in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from genzoo.artifact.save import save_model
from genzoo.doctor.doctor_record import DoctorRecord
from genzoo.media.save_samples import write_archive
from genzoo.system.atomic_files import atomic_folder, atomic_write, make_folder, settle
from genzoo.training.begin_and_resume import train_run
from genzoo.training.checkpoint import Checkpoint, write_checkpoint


class Disk:
    """What a power cut would leave: remembers files and names that were synchronised.

    Attributes:
        lost: What took its name before its content, or keeps a name that is not on the disk.
    """

    def __init__(self) -> None:
        self.lost: list[str] = []
        self._contents: set[int] = set()
        self._names: list[tuple[str, int]] = []

    def synced(self, handle: int) -> None:
        facts = os.fstat(handle)
        self._contents.add(facts.st_ino)
        self._names = [(name, folder) for name, folder in self._names if folder != facts.st_ino]

    def named(self, source: Any, target: Any) -> None:
        """Called before `source` gets the name `target`."""
        path = Path(source)
        parts = [path, *path.rglob("*")] if path.is_dir() else [path]
        self.lost += [f"{p} has a name before its content" for p in parts if not self._has(p)]
        self.made(Path(target))

    def made(self, path: Path) -> None:
        """Called when a name is new, or means something else."""
        self._names.append((str(path), path.parent.stat().st_ino))

    def left(self) -> list[str]:
        """All that would be lost now."""
        return [*self.lost, *(f"the name {name} is not on the disk" for name, _ in self._names)]

    def _has(self, path: Path) -> bool:
        return path.is_symlink() or path.stat().st_ino in self._contents


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Follows every way that genzoo gives a name; doomed folders, which it removes, apart."""
    disk, fsync, mkdir = Disk(), os.fsync, os.mkdir

    def following(rename: Callable[..., Any]) -> Callable[..., Any]:
        def renamed(source: Any, target: Any, *args: Any, **kwargs: Any) -> Any:
            if not str(target).endswith(".tmp"):
                disk.named(source, target)
            return rename(source, target, *args, **kwargs)

        return renamed

    def synced(handle: int) -> None:
        fsync(handle)
        disk.synced(handle)

    def made(path: Any, *args: Any, **kwargs: Any) -> None:
        mkdir(path, *args, **kwargs)
        if not str(path).endswith(".tmp") and ".tmp/" not in str(path):
            disk.made(Path(path))

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", following(os.replace))
    monkeypatch.setattr(os, "rename", following(os.rename))
    monkeypatch.setattr(os, "mkdir", made)
    # Swapping two folders goes past Python; renaming them is what it falls back to.
    monkeypatch.setattr("genzoo.system.atomic_files._exchange", lambda first, second: False)
    return disk


def write_file(place: Path, model: Any, registry: Any) -> None:
    with atomic_write(place / "new" / "deep" / "a.txt") as temporary:
        temporary.write_text("text")


def write_folder(place: Path, model: Any, registry: Any) -> None:
    for _ in range(2):
        with atomic_folder(place / "new" / "a") as temporary:
            (temporary / "sub").mkdir()
            (temporary / "sub" / "b.txt").write_text("text")


def write_rows(place: Path, model: Any, registry: Any) -> None:
    write_archive(place / "new" / "rows.npz", "rows", 1, [torch.zeros(1, 2).numpy()])


def write_record(place: Path, model: Any, registry: Any) -> None:
    DoctorRecord().write(place / "new" / "doctor.json")


def move_file(place: Path, model: Any, registry: Any) -> None:
    (place / "arrived").write_text("text")
    settle(place / "arrived", place / "new" / "file")


def write_checkpoints(place: Path, model: Any, registry: Any) -> None:
    for step in (1, 2, 3):
        groups = {"ema": {"weight": torch.zeros(2)}}
        write_checkpoint(place / "new" / "checkpoints", Checkpoint(step, 8, groups), keep=2)


def write_model(place: Path, model: Any, registry: Any) -> None:
    save_model(model, place / "new" / "model", registry=registry)


@pytest.mark.parametrize(
    "write",
    [
        write_file,
        write_folder,
        write_rows,
        write_record,
        move_file,
        write_checkpoints,
        write_model,
        lambda place, model, registry: make_folder(place / "a" / "b" / "c"),
    ],
)
def test_every_durable_write_has_its_content_before_its_name_and_its_name_at_the_end(
    tmp_path: Path, toy_vae: Any, registry: Any, disk: Disk, write: Callable[..., None]
) -> None:
    write(tmp_path, toy_vae, registry)
    assert disk.left() == []


def test_a_name_that_comes_before_its_content_is_noticed(tmp_path: Path, disk: Disk) -> None:
    (tmp_path / "a").write_text("text")
    (tmp_path / "a").replace(tmp_path / "b")
    assert len(disk.left()) == 2


def run(tmp_path: Path, out: Path, **training: Any) -> None:
    """Train a toy for two steps."""
    import numpy as np
    from toy_objectives import genzoo_objectives
    from toys import toy_registry

    from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig

    registry = toy_registry()
    registry.add_all(genzoo_objectives(), "genzoo-toy-objectives", "1")
    images = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "data.npz", images=images)
    plan = RunPlan(
        architecture="toy-gan",
        data=DataConfig(data=str(tmp_path / "data.npz")),
        training=TrainingConfig(steps=2, batch_size=8, device="cpu", tracker=("none",), **training),
    )
    train_run(plan, out, registry)


def test_a_run_and_the_folders_above_it_last_through_a_power_cut(
    tmp_path: Path, disk: Disk
) -> None:
    run(tmp_path, tmp_path / "new" / "runs" / "x")
    assert disk.left() == []


def test_the_log_is_on_the_disk_before_a_checkpoint_that_comes_after_its_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is resumed from a checkpoint does not write the lines before it again."""
    fsync, rename, safe, checkpoints = os.fsync, os.rename, {}, []

    def synced(handle: int) -> None:
        fsync(handle)
        safe[os.fstat(handle).st_ino] = os.fstat(handle).st_size

    def renamed(source: Any, target: Any) -> None:
        if Path(target).name.startswith("step-"):
            facts = (tmp_path / "run" / "metrics.jsonl").stat()
            checkpoints.append((facts.st_size > 0, safe.get(facts.st_ino) == facts.st_size))
        rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    run(tmp_path, tmp_path / "run", log_every=1, checkpoint_every=1)
    assert checkpoints == [(True, True), (True, True)]
