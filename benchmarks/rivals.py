"""Training throughput against what a user would take instead, each on the same networks.

    python benchmarks/rivals.py [--only NAME] [--rounds 7] [--prepare]

Each toolkit runs its own training loop in its own environment, which is made on first use and kept
(`--prepare` makes them all and stops). genzoo trains the same networks with the same losses on the
same pictures, once on its defaults and once in float32. The three take turns, in changing order.
docs/performance.md explains what each row compares.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from interleave import Comparison, Worker
from toolkits.comparisons import RIVALS, Rival
from toolkits.environments import interpreter
from toolkits.pictures import write_pictures
from toolkits.turns import Task

from genzoo.system.cache_folder import cache_root
from genzoo.training.hardware import choose_precision
from genzoo_zoo.peeps import load

HERE = Path(__file__).parent
BATCH = 64
PICTURES = 1024
HEADINGS = (
    "against",
    "networks",
    "parameters",
    "theirs",
    "genzoo",
    "times as fast",
    "in fp32",
    "times as fast",
)


@dataclass(frozen=True)
class Row:
    """What one comparison gave.

    Attributes:
        rival: Which.
        facts: What its side announced.
        chosen: Seconds per turn of the rival, and of genzoo on its defaults.
        single: The same of genzoo in float32.
    """

    rival: Rival
    facts: Mapping[str, Any]
    chosen: Comparison
    single: Comparison

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        return (
            f"{self.rival.name} {self.facts['version']}".strip(),
            self.rival.networks,
            f"{self.facts['parameters']:,}",
            self._rate(self.chosen.first),
            self._rate(self.chosen.second),
            self.chosen.describe(),
            self._rate(self.single.second),
            self.single.describe(),
        )

    def _rate(self, seconds: Sequence[float]) -> str:
        return f"{BATCH * self.rival.steps / statistics.median(seconds):.1f}"


def table(rows: Sequence[Row]) -> str:
    """Rates in pictures per second, ratios with quartiles."""
    cells = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in cells]
    return "\n".join(line.rstrip() for line in lines)


def check_same(rival: Rival, sides: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to compare different things.

    Raises:
        ValueError: The sides train different numbers of parameters, or on different torches.
    """
    for fact in ("parameters", "torch"):
        values = [side[fact] for side in sides]
        if len(set(values)) > 1:
            raise ValueError(f"The sides of {rival.name} differ in {fact}: {values}.")


def take_turns(workers: Sequence[Worker], rounds: int) -> list[list[float]]:
    """Seconds per turn of each worker: one uncounted round, then the first changing by turns."""
    times: list[list[float]] = [[] for _ in workers]
    for number in range(-1, rounds):
        order = [(place + number) % len(workers) for place in range(len(workers))]
        for index in order:
            seconds = workers[index].turn()
            if number >= 0:
                times[index].append(seconds)
    return times


def compare(rival: Rival, python: str, scratch: Path, rounds: int, threads: int) -> Row:
    """Time a rival, whose interpreter is `python`, and both precisions of genzoo."""
    pictures = scratch / f"pictures-{rival.size}"
    if not pictures.exists():
        write_pictures(pictures, rival.size, load().samples[:PICTURES])

    def worker(side: str, python: str, precision: str) -> Worker:
        task = Task(
            pictures=str(pictures),
            size=rival.size,
            batch=BATCH,
            steps=rival.steps,
            threads=threads,
            scratch=tempfile.mkdtemp(dir=scratch),
            rival=rival.name,
            precision=precision,
        )
        return Worker(HERE / "toolkits" / side, json.dumps(asdict(task)), python=python)

    ours = "genzoo_side.py"
    workers = [
        worker(rival.side, python, "fp32"),
        worker(ours, sys.executable, "auto"),
        worker(ours, sys.executable, "fp32"),
    ]
    facts = [json.loads(worker.announced[-1]) for worker in workers]
    check_same(rival, facts)
    theirs, chosen, single = take_turns(workers, rounds)
    for one in workers:
        one.close()
    return Row(rival, facts[0], Comparison(theirs, chosen), Comparison(theirs, single))


def python_of(rival: Rival, environments: Path) -> str:
    """The interpreter of the rival's environment."""
    return interpreter(rival.toolkit, environments) if rival.toolkit else sys.executable


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[rival.name for rival in RIVALS])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, help="training steps in a turn")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--environments", type=Path, default=cache_root() / "benchmarks")
    parser.add_argument("--prepare", action="store_true", help="make the environments and stop")
    options = parser.parse_args()
    rivals = [
        replace(rival, steps=options.steps or rival.steps)
        for rival in RIVALS
        if options.only in (None, rival.name)
    ]
    pythons = [python_of(rival, options.environments) for rival in rivals]
    if options.prepare:
        return
    # The sides import what lies beside this file.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    precision = choose_precision("auto", torch.device("cpu"))
    print(f"torch {torch.__version__}, {options.threads} threads, batch {BATCH}")
    print(f"pictures per second and ratios: medians and quartiles of {options.rounds} rounds")
    print(f"genzoo on its defaults computes in {precision}")
    with tempfile.TemporaryDirectory() as scratch:
        rows = []
        for rival, python in zip(rivals, pythons, strict=True):
            rows.append(compare(rival, python, Path(scratch), options.rounds, options.threads))
            print(f"{rival.name}: {rows[-1].chosen.describe()}", file=sys.stderr)
    print(table(rows))


if __name__ == "__main__":
    main()
