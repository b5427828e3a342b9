"""Gives a training loop that someone else wrote its time, turn by turn.

The loop runs from its beginning as its authors wrote it. Only its data loader is wrapped: before
a batch is read it may have to wait. A turn is thus a number of batches, from reading the first
one to the end of all that is done with the last one.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Task:
    """What a worker is told.

    Attributes:
        pictures: Folder of PNG files, all of `size`, in one class folder.
        size: Pixels of a side.
        batch: Pictures in a training step.
        steps: Training steps in a turn.
        threads: Threads that torch computes with.
        scratch: An empty folder to write to.
        rival: Name of the comparison.
        precision: For genzoo.
    """

    pictures: str
    size: int
    batch: int
    steps: int
    threads: int
    scratch: str
    rival: str
    precision: str = "auto"


def read_task() -> Task:
    """The task in the command's argument; torch then has its number of threads."""
    task = Task(**json.loads(sys.argv[1]))
    torch.set_num_threads(task.threads)
    torch.manual_seed(0)
    return task


class Turns:
    """The worker's side of `interleave.Worker`.

    What the loop itself prints goes nowhere, as standard output is the line to the driver.

    Args:
        batches: How many make a turn.
        facts: Announced before the first turn.
    """

    def __init__(self, batches: int, facts: Mapping[str, object]) -> None:
        self._batches = batches
        self._left = 0
        self._since: float | None = None
        self._line = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(json.dumps(facts), file=self._line)
        print("ready", file=self._line)

    def wait(self) -> None:
        """Before a batch is read: wait where a turn is over.

        Raises:
            SystemExit: There are no more turns.
        """
        if self._left:
            return
        if self._since is not None:
            print(time.perf_counter() - self._since, file=self._line)
        if not sys.stdin.readline():
            sys.exit()
        self._left = self._batches
        self._since = time.perf_counter()

    def count(self) -> None:
        """A batch was read."""
        self._left -= 1

    def __iter__(self) -> Iterator[None]:
        """For a loop that reads its batches out of sight: once for each, without end."""
        while True:
            self.wait()
            self.count()
            yield


class TurnLoader:
    """A data loader that waits for its turn.

    Args:
        loader: Where batches come from; whatever is asked of this one, it answers.
        turns: When to wait.
    """

    def __init__(self, loader: Iterable[Any], turns: Turns) -> None:
        self._loader = loader
        self._turns = turns

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self._loader)
        while True:
            self._turns.wait()
            try:
                batch = next(batches)
            except StopIteration:
                return
            self._turns.count()
            yield batch

    def __len__(self) -> int:
        return len(self._loader)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def facts_of(networks: Iterable[nn.Module], version: str) -> dict[str, object]:
    """What a side announces: whose it is, and how much it trains."""
    parameters = sum(p.numel() for network in networks for p in network.parameters())
    return {"version": version, "torch": torch.__version__, "parameters": parameters}
