"""Training beside other programs: the tutorial's script, genzoo, and genzoo with threads that spin.

    python benchmarks/busy.py [--size 32] [--busy 0 1 2] [--rounds 5] [--seconds 4]

Beside 0, 1 and 2 processes that do nothing but keep a processor busy, the three take turns of some
seconds, each in a process of its own. A turn begins with `SETTLING` seconds that do not count, in
which genzoo notices how busy the machine is. Networks, batch and data are those of `training.py`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from genzoo_session import trainer
from interleave import Worker
from training import BATCH, write_folder
from tutorial_script import Script

from genzoo.system.thread_waiting import LOOK_EVERY, POLICY, sharing_processors

SETTLING = 2 * LOOK_EVERY
IDLING = "while True: pass"
SIDES = {"tutorial script": "", "genzoo": "auto", "genzoo, spinning": "active"}
"""Names, with the policy by which threads wait."""


def serve(step: Callable[[], None], seconds: float) -> None:
    """Worker side: for each line that arrives, print how many images a second it gets through."""
    step()
    print("ready", flush=True)
    for _ in sys.stdin:
        repeat(step, SETTLING)
        print(repeat(step, seconds), flush=True)


def repeat(step: Callable[[], None], seconds: float) -> float:
    """Take steps for some seconds: images a second."""
    start, steps = time.perf_counter(), 0
    while (passed := time.perf_counter() - start) < seconds:
        step()
        steps += 1
    return steps * BATCH / passed


def work(policy: str, folder: Path, size: int, seconds: float) -> None:
    """Be one side."""
    if not policy:
        serve(Script(folder, size).step, seconds)
        return
    os.environ[POLICY] = policy
    with tempfile.TemporaryDirectory() as out, sharing_processors():
        subject = trainer(folder, Path(out) / "run", size)
        serve(lambda: subject.advance(1), seconds)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Within it `count` processes keep a processor busy each."""
    others = [subprocess.Popen([sys.executable, "-c", IDLING]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def rates(workers: dict[str, Worker], rounds: int) -> dict[str, list[float]]:
    """Images a second of each side in each round; every other round in the opposite order."""
    found: dict[str, list[float]] = {name: [] for name in workers}
    for number in range(rounds):
        for name in list(workers) if number % 2 == 0 else reversed(workers):
            found[name].append(workers[name].turn())
    return found


def show(count: int, found: dict[str, list[float]]) -> None:
    """Medians, and how many times the script's in the same round, with the least and the most."""
    print(f"beside {count} busy processes")
    script = next(iter(found.values()))
    for name, own in found.items():
        ratios = [mine / theirs for mine, theirs in zip(own, script, strict=True)]
        times = f"{statistics.median(ratios):6.2f} times [{min(ratios):.2f} to {max(ratios):.2f}]"
        print(f"  {name:18} {statistics.median(own):7.1f} images/s  {times}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=32, choices=(32, 64))
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        policy, folder = options.work
        work(policy, Path(folder), options.size, options.seconds)
        return
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, "
        f"dcgan {options.size}x{options.size}, batch {BATCH}"
    )
    with tempfile.TemporaryDirectory() as scratch:
        write_folder(Path(scratch), 1024, options.size)
        settings = ("--size", str(options.size), "--seconds", str(options.seconds))
        workers = {
            name: Worker(Path(__file__), *settings, "--work", policy, scratch)
            for name, policy in SIDES.items()
        }
        for count in options.busy:
            with busy(count):
                show(count, rates(workers, options.rounds))
        for worker in workers.values():
            worker.close()


if __name__ == "__main__":
    main()
