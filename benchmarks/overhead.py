"""What the trainer costs over a loop written by hand for the same modules and the same moves.

    python benchmarks/overhead.py [--width 8] [--rounds 41]

Both sides run in one process, turn by turn, with the same kernels, optimisers and averaging; what
differs is the trainer's own work: phases, random streams, data order, meters, log, progress.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from interleave import Comparison

from genzoo.plugins.manager import default_manager
from genzoo.training.components import Session, open_session
from genzoo.training.hardware import tune_allocators
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer

SECONDS_PER_TURN = 0.5


def session(width: int) -> Session:
    """A dcgan at 32 pixels; at width 8 its step takes some milliseconds, 64 is the usual width."""
    plan = RunPlan(
        architecture="dcgan",
        architecture_config={"width": width},
        objective="gan",
        objective_config={"augment": "none"},
        data=DataConfig(data="peeps", options={"size": 32}),
        training=TrainingConfig(steps=1_000_000, batch_size=32, precision="fp32"),
    )
    registry = default_manager().registry
    planned = PlannedRun.of(plan, registry)
    return open_session(planned, load_data(planned, Reporter()))


class HandWritten:
    """The same moves, spelt out."""

    def __init__(self, subject: Session) -> None:
        parts = copy.deepcopy(dict(subject.parts))
        self.generator, self.discriminator = parts["generator"], parts["discriminator"]
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.weights = [p.data for p in self.generator.parameters()]
        self.averages = [p.data for p in self.average.parameters()]
        self.buffers = list(zip(self.average.buffers(), self.generator.buffers(), strict=True))
        self.players = [list(p.parameters()) for p in (self.discriminator, self.generator)]
        betas = (0.5, 0.999)
        self.adams = [
            torch.optim.Adam(player, lr=2e-4, betas=betas, fused=True) for player in self.players
        ]
        self.images = torch.from_numpy(np.array(subject.dataset.rows))
        self.order = torch.randperm(len(self.images))
        self.place = 0

    def step(self) -> None:
        if self.place + 32 > len(self.order):
            self.order, self.place = torch.randperm(len(self.images)), 0
        rows = self.images[self.order[self.place : self.place + 32]]
        self.place += 32
        x = rows.permute(0, 3, 1, 2).to(torch.float32).mul_(2 / 255).sub_(1)
        loss = F.softplus(-self.discriminator(x)).mean()
        fake = self.generator(torch.randn(32, 100))
        loss = loss + F.softplus(self.discriminator(fake.detach())).mean()
        self._move(0, loss)
        self._move(1, F.softplus(-self.discriminator(fake)).mean())
        torch._foreach_lerp_(self.averages, self.weights, 0.001)
        for target, source in self.buffers:
            target.copy_(source)

    def _move(self, player: int, loss: torch.Tensor) -> None:
        loss.backward(inputs=self.players[player])
        self.adams[player].step()
        self.adams[player].zero_grad(set_to_none=True)


def timed(turn: Callable[[], None]) -> float:
    """Seconds for one turn."""
    start = time.perf_counter()
    turn()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=41)
    options = parser.parse_args()
    tune_allocators()
    with tempfile.TemporaryDirectory() as scratch:
        subject = session(options.width)
        by_hand = HandWritten(subject)
        folder = RunFolder(Path(scratch) / "run")
        folder.create()
        trainer = Trainer(subject, folder, Reporter())

        times: tuple[list[float], list[float]] = ([], [])
        by_hand.step()
        trainer.advance(2)
        steps = max(2, round(SECONDS_PER_TURN / timed(by_hand.step)))

        def ours() -> None:
            trainer.advance(steps)

        def theirs() -> None:
            for _ in range(steps):
                by_hand.step()

        for number in range(options.rounds):
            pairs = [(ours, times[0]), (theirs, times[1])]
            for turn, record in pairs if number % 2 == 0 else reversed(pairs):
                record.append(timed(turn))
    result = Comparison(*times)
    step = statistics.median(result.second) / steps * 1000
    threads = torch.get_num_threads()
    print(
        f"torch {torch.__version__}, {threads} threads, "
        f"dcgan 32x32, width {options.width}, batch 32"
    )
    print(f"hand-written step {step:.2f} ms")
    print(f"trainer / hand-written {result.describe()}, median and quartiles")
    print(f"overhead {100 * (statistics.median(result.ratios) - 1):.1f} %")


if __name__ == "__main__":
    main()
