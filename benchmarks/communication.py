"""What processes that train together send, counted from the collectives that they call.

    torchrun --standalone --nproc-per-node 2 benchmarks/communication.py [--shard] [NAME ...]

Every architecture is trained for a few steps with its own objective. For each phase it prints the
bytes of a step, checks those of gradients against the number of parameters, and puts the time of a
step here beside the time that the exchange of its gradients takes alone. From the bytes alone it
then computes, on paper, how long the exchange takes in 8, 64 and 512 processes.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor

from genzoo.distributed.process_group import BUCKET_BYTES, ProcessGroup, joined_process_group
from genzoo.interfaces.objective import Phase
from genzoo.plugins.manager import default_manager
from genzoo.records import ArchitectureSpec
from genzoo.specs import SampleSpec
from genzoo.training.components import Session, open_session
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer
from genzoo_testing.random_inputs import RandomDataset

SIZES = {"dcgan": 64, "convgan": 64, "r3gan": 64, "conv-vae": 64, "kl-autoencoder": 32}
"""Pixels here. Networks of the latent autoencoder have the same weights at 256 pixels."""

STEPS = 4
"""Steps that are counted: a multiple of every objective's lazy phases."""

WITHIN, BETWEEN = 450e9, 50e9
"""Bytes a second that a process sends on paper: inside a machine of 8 GPUs, and out of it."""

HOP = 5e-6
"""Seconds that a message takes on paper beside its bytes."""

Count = dict[tuple[str, str, str], float]
"""Bytes by phase, by what it is at, and by collective."""

LOSS, GRADIENTS = "loss", "gradients"
"""What a phase is at: its forward pass, or what comes after it."""


@dataclass
class Counter:
    """Adds up the tensors that collectives are called with.

    Attributes:
        turn: The phase whose they are, and what it is at.
        bytes: What was counted so far.
    """

    turn: tuple[str, str]
    bytes: Count

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count what is called within the block."""
        # The larger side of each: what a whole set of values, or of gradients, takes.
        places = {"all_reduce": 0, "all_gather_single": 0, "reduce_scatter_single": 1}
        originals = {name: getattr(dist, name) for name in places}
        for name, place in places.items():
            setattr(dist, name, self._counted(name, originals[name], place))
        try:
            yield
        finally:
            for name, original in originals.items():
                setattr(dist, name, original)

    def _counted(self, name: str, call: Callable[..., Any], place: int) -> Callable[..., Any]:
        def counted(*tensors: Any, **settings: Any) -> Any:
            given = [*tensors, *(v for v in settings.values() if isinstance(v, Tensor))]
            self.bytes[(*self.turn, name)] += given[place].nbytes
            return call(*tensors, **settings)

        return counted

    def follow(self, phases: Iterable[Phase]) -> tuple[Phase, ...]:
        """The phases, which from now on tell when it is their turn."""
        return tuple(replace(phase, loss=self._announced(phase)) for phase in phases)

    def _announced(self, phase: Phase) -> Callable[..., Any]:
        def loss(step: Any) -> Any:
            self.turn = phase.name, LOSS
            terms = phase.loss(step)
            self.turn = phase.name, GRADIENTS
            return terms

        return loss


def open_run(name: str, processes: ProcessGroup, shard: bool) -> Session:
    """Fresh networks of the architecture, with its own objective."""
    registry = default_manager().registry
    entry = registry[ArchitectureSpec].find(name)
    plan = RunPlan(
        architecture=name,
        objective_config=dict(entry.record.objective_defaults),
        data=DataConfig(data=RandomDataset.name),
        training=TrainingConfig(
            steps=1000,
            batch_size=2 * processes.size,
            device="cpu",
            precision="fp32",
            log_every=1000,
            shard=shard,
        ),
    )
    dataset = RandomDataset(SampleSpec(shape=(3, SIZES[name], SIZES[name])))
    return open_session(PlannedRun.of(plan, registry), cast(Any, dataset), processes)


def counted(session: Session) -> tuple[Count, float]:
    """Bytes of a step, and the seconds that one takes."""
    counter = Counter(("", ""), defaultdict(float))
    session.engine.phases = counter.follow(session.engine.phases)
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place) / "run")
        folder.create()
        trainer = Trainer(session, folder, Reporter())
        trainer.advance(1)
        start = time.perf_counter()
        with counter.listening():
            trainer.advance(STEPS)
        seconds = (time.perf_counter() - start) / STEPS
    return {key: total / STEPS for key, total in counter.bytes.items()}, seconds


def expected(session: Session) -> dict[str, float]:
    """Bytes of gradients in a step by phase: each value once, and a flag for each parameter.

    A phase without an optimiser step sends nothing; the next one does for it.
    """
    bytes_of: dict[str, float] = {}
    pending: dict[str, float] = {}
    for phase in session.engine.phases:
        pending |= dict.fromkeys(phase.trains, phase.repeat / phase.every)
        if phase.optimizer_step:
            bytes_of[phase.name] = sum(
                moves * (parameter.nbytes + 4)
                for part, moves in pending.items()
                for parameter in session.parts[part].parameters()
            )
            pending.clear()
    return bytes_of


def exchange_seconds(processes: ProcessGroup, sizes: Iterable[float]) -> float:
    """Median time here of one mean of gradients of each size."""
    times = []
    for _ in range(5):
        processes.barrier()
        start = time.perf_counter()
        for size in sizes:
            processes.mean_([torch.zeros(int(size) // 4)])
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def on_paper(sizes: Iterable[float], processes: int) -> tuple[float, float]:
    """Seconds of ring all-reduces in that many processes: for the bytes, and for the messages."""
    sizes = list(sizes)
    rate = WITHIN if processes <= 8 else BETWEEN
    moved = sum(sizes) * 2 * (processes - 1) / processes / rate
    buckets = sum(math.ceil(size / BUCKET_BYTES) for size in sizes)
    return moved, buckets * 2 * (processes - 1) * HOP


def show(name: str, session: Session, count: Count, seconds: float) -> None:
    """Print what was counted, in rank 0, and measure the exchange, in all."""
    gradients = expected(session)
    alone = exchange_seconds(session.processes, gradients.values())
    if not session.processes.is_main:
        return
    print(f"\n{name}, {session.task.objective_entry.full_name}, {SIZES[name]} px here")
    for (phase, at, call), total in count.items():
        print(f"  {phase:14} {at:10} {call:24} {total / 1e6:9.4f} MB a step")
    if not session.networks.sharded:
        reduced = {phase: total for (phase, at, _), total in count.items() if at == GRADIENTS}
        assert reduced == gradients, f"counted {reduced}, and the formula gives {gradients}"
        print("  as the formula has it")
    print(f"  a step {seconds:.3f} s here, its exchange of gradients alone {alone:.3f} s")
    if not session.networks.sharded:
        show_paper(gradients)


def show_paper(gradients: Mapping[str, float]) -> None:
    """Print the times that are computed."""
    for processes in (8, 64, 512):
        moved, messages = on_paper(gradients.values(), processes)
        print(
            f"  on paper, {processes:3} processes: {moved * 1e3:7.3f} ms for the bytes, "
            f"{messages * 1e3:7.3f} ms for the messages of rings"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SIZES)}")
    parser.add_argument("--shard", action="store_true", help="with sharded parameters")
    options = parser.parse_args()
    with joined_process_group() as processes:
        if processes.size == 1:
            parser.error("one process sends nothing: start it with torchrun")
        for name in options.names or SIZES:
            session = open_run(name, processes, options.shard and name not in ("r3gan", "convgan"))
            show(name, session, *counted(session))


if __name__ == "__main__":
    main()
