"""What every racer is told, and what it leaves."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

SAMPLES, FACTS = "samples.npz", "facts.json"


@dataclass(frozen=True)
class Lap:
    """One racer's task.

    Attributes:
        pictures: Folder of PNG files, all of `size`, in one class folder.
        size: Pixels of a side.
        seconds: Processor seconds for all from the start of the interpreter to the end of training.
        count: Samples to draw, after that.
        threads: Threads that torch computes with.
        seed: Of training and samples.
        folder: Where to leave samples and facts.
        scratch: An empty folder to write to.
    """

    pictures: str
    size: int
    seconds: float
    count: int
    threads: int
    seed: int
    folder: str
    scratch: str


class TimeIsUpError(Exception):
    """The processor seconds are spent."""


def read_lap() -> Lap:
    """The lap in the command's argument; torch then has its threads and its seed."""
    lap = Lap(**json.loads(sys.argv[1]))
    torch.set_num_threads(lap.threads)
    torch.manual_seed(lap.seed)
    np.random.seed(lap.seed)
    os.chdir(lap.scratch)
    return lap


def spent() -> float:
    """Processor seconds of this process, its threads, and its children that have ended."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


class TimedLoader:
    """Batches of a data loader until the time is up, over and over.

    Args:
        loader: Where batches come from; whatever is asked of this one, it answers.
        seconds: Processor seconds of the process at which it is up.
    """

    def __init__(self, loader: Iterable[Any], seconds: float) -> None:
        self._loader = loader
        self._seconds = seconds
        self.batches = 0

    def __iter__(self) -> Iterator[Any]:
        for batch in self._loader:
            if spent() > self._seconds:
                raise TimeIsUpError
            self.batches += 1
            yield batch

    def __len__(self) -> int:
        return len(self._loader)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def parameters_of(networks: Iterable[nn.Module]) -> int:
    """How many numbers are trained."""
    return sum(p.numel() for network in networks for p in network.parameters())


@torch.no_grad()
def finish(
    lap: Lap,
    draw: Callable[[int], Tensor],
    *,
    images: int,
    parameters: int,
    version: str,
    low: float = -1.0,
    batch: int = 50,
    changes: str = "",
) -> None:
    """Draw samples and write them down; called when training has ended.

    Args:
        lap: The task.
        draw: Gives so many new samples, (n, 3, size, size) in [low, 1].
        images: Images trained on, each as often as it was.
        parameters: See `parameters_of`.
        version: Of the toolkit.
        low: The value that is black.
        batch: Samples to draw at once.
        changes: What differs from the toolkit's own defaults or example.
    """
    trained = spent()
    torch.manual_seed(lap.seed)
    pieces: list[Tensor] = []
    for done in range(0, lap.count, batch):
        x = draw(min(batch, lap.count - done)).float()
        levels = ((x - low) / (1 - low) * 255).round().clamp(0, 255)
        pieces.append(levels.to(torch.uint8).permute(0, 2, 3, 1))
    np.savez_compressed(Path(lap.folder) / SAMPLES, images=torch.cat(pieces).numpy())
    facts = {
        "version": version,
        "torch": torch.__version__,
        "parameters": parameters,
        "seconds": trained,
        "images": images,
        "sampling": (spent() - trained) / lap.count,
        "changes": changes,
    }
    (Path(lap.folder) / FACTS).write_text(json.dumps(facts))
