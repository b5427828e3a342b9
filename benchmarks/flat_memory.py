"""Memory and speed of training on more samples than fit into memory.

    python benchmarks/flat_memory.py [--gigabytes 20] [--steps 100] [--folder SCRATCH]

A data set of random 64x64 images is written by genzoo's own cache, thrown out of the system's page
cache, and trained on in random order by a small dcgan. Beside it the same model on a small set.
After the steps, the batches of a whole epoch are read without computing anything, so that every
sample was touched. Each set has processes of its own. The scratch folder needs that much room, and
is emptied at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genzoo.data.cache import DataCache
from genzoo.data.dataset import Dataset
from genzoo.interfaces.data_source import DataSource, Labels, Outcomes
from genzoo.interfaces.decoded import Decoded
from genzoo.interfaces.kind import Kind
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.plugins.manager import default_manager
from genzoo.specs import Config, SampleSpec
from genzoo.training.components import Session, open_session
from genzoo.training.hardware import tune_allocators
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer

SIZE = 64
WIDTH = 16
ROW = SIZE * SIZE * 3
PIECE = 1000
SMALL = 20
"""Pieces of the small set."""


class RandomImages(DataSource):
    """`pieces` times `PIECE` images."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.name = f"{pieces * PIECE} random images"
        self.identity = self.name

    def __len__(self) -> int:
        return self.pieces

    def options(self, kind: Kind) -> Config:
        return kind.config

    def names(self) -> Sequence[str]:
        return [f"piece {number}" for number in range(self.pieces)]

    def outcomes(self, kind: Kind) -> Outcomes:
        rng = np.random.default_rng(0)
        for _ in range(self.pieces):
            yield Decoded(
                np.frombuffer(rng.bytes(PIECE * ROW), np.uint8).reshape(-1, SIZE, SIZE, 3)
            )

    def labels(self, kept: Sequence[int]) -> Labels:
        return Labels(None, ())


def open_random(pieces: int, scratch: Path) -> Dataset:
    """The images of that number, written on first use."""
    kind = ImageKind(ImageOptions(size=SIZE, channels=3))
    source = RandomImages(pieces)
    entry = DataCache(scratch).entry(f"random{pieces}", source, kind)
    return Dataset(kind, entry.rows, None, (), source.identity, source.name, (), kind.spec())


def evict(scratch: Path) -> None:
    """Have the system write all files and forget them."""
    os.sync()
    for path in scratch.rglob("rows.npy"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Stopwatch:
    """Time spent in getting batches."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def time(self, dataset: type[Dataset]) -> None:
        """Measure all calls of `batch` from now on."""
        batch = dataset.batch

        def timed(
            own: Dataset,
            indices: NDArray[np.int64] | torch.Tensor,
            spec: SampleSpec,
            device: torch.device | str = "cpu",
        ) -> tuple[torch.Tensor, torch.Tensor | None]:
            start = time.perf_counter()
            found = batch(own, indices, spec, device)
            self.seconds += time.perf_counter() - start
            return found

        dataset.batch = timed  # type: ignore[assignment, method-assign]


def train(dataset: Dataset, steps: int) -> dict[str, Any]:
    """What training takes."""
    tune_allocators()
    plan = RunPlan(
        architecture="dcgan",
        architecture_config={"width": WIDTH},
        objective="gan",
        objective_config={"augment": "none"},
        data=DataConfig(data=dataset.name),
        training=TrainingConfig(steps=1_000_000),
    )
    stopwatch = Stopwatch()
    stopwatch.time(Dataset)
    with tempfile.TemporaryDirectory() as out:
        folder = RunFolder(Path(out) / "run")
        folder.create()
        session = open_session(PlannedRun.of(plan, default_manager().registry), dataset)
        trainer = Trainer(session, folder, Reporter())
        trainer.advance(5)
        stopwatch.seconds, start = 0.0, time.perf_counter()
        trainer.advance(steps)
        seconds = time.perf_counter() - start
        waiting = stopwatch.seconds
        read = read_epoch(session)
    return {
        "samples_per_second": steps * plan.training.batch_size / seconds,
        "waiting": waiting / seconds,
        "read": read,
    } | resident()


def read_epoch(session: Session) -> float:
    """Read the batches of an epoch as the trainer does; returns samples a second."""
    size, start = session.config.batch_size, time.perf_counter()
    dataset, spec = session.dataset, session.task.architecture.sample
    for position in range(0, len(dataset), size):
        dataset.batch(session.stream.take(position, size), spec)
        dataset.expect(session.stream.take(position + size, size))
    return len(dataset) / (time.perf_counter() - start)


def resident() -> dict[str, float]:
    """Memory of this process in GB: its peak, and what it is made of now."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    names = {"peak": "VmHWM", "own": "RssAnon", "files": "RssFile"}
    return {key: int(fields[name].split()[0]) * 1024 / 1e9 for key, name in names.items()}


def in_process(task: str, pieces: int, steps: int, scratch: Path) -> dict[str, Any]:
    """The result of a task, done by this script in a process of its own."""
    command = [sys.executable, __file__, "--task", task, "--pieces", str(pieces)]
    command += ["--steps", str(steps), "--folder", str(scratch)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    result: dict[str, Any] = json.loads(answer)
    return result


def perform(options: argparse.Namespace) -> dict[str, Any]:
    """One task."""
    dataset = open_random(options.pieces, options.folder)
    return resident() if options.task == "write" else train(dataset, options.steps)


def compare(pieces: int, steps: int, scratch: Path) -> None:
    """Print the large set beside the small one."""
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, "
        f"dcgan {SIZE}x{SIZE} of width {WIDTH}"
    )
    print(f"{'':26}training/s  for data  reading/s  peak memory  of it now: own, files")
    for count in (SMALL, pieces):
        written = in_process("write", count, steps, scratch)
        evict(scratch)
        result = in_process("train", count, steps, scratch)
        print(
            f"{count * PIECE * ROW / 1e9:5.1f} GB, {count * PIECE:9,} images"
            f"{result['samples_per_second']:10.1f}  {result['waiting']:8.2%} "
            f"{result['read']:10,.0f}{result['peak']:10.2f} GB  "
            f"{result['own']:.2f} GB, {result['files']:.2f} GB"
            f"  (writing the set: {written['peak']:.2f} GB)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=20.0)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--task", choices=["write", "train"], help=argparse.SUPPRESS)
    parser.add_argument("--pieces", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(perform(options)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        compare(round(options.gigabytes * 1e9 / ROW / PIECE), options.steps, Path(scratch))


if __name__ == "__main__":
    main()
