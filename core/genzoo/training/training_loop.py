"""The training loop. One for every architecture and objective."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from genzoo.errors import SpecError
from genzoo.interfaces.noise import derive_seed
from genzoo.interfaces.training_step import Batch, Step
from genzoo.records import TrackerSpec
from genzoo.registry import Entry
from genzoo.system.thread_waiting import sharing_processors
from genzoo.system.torch_globals import seeded_generators
from genzoo.training.components import Session
from genzoo.training.data_parallel import share_weights, unify_buffers
from genzoo.training.fsdp_tensors import sharding_errors
from genzoo.training.hardware import determinism
from genzoo.training.interrupts import Interrupts
from genzoo.training.reporter import Reporter
from genzoo.training.run_folder import RunFolder
from genzoo.training.write_outputs import RunOutputs


@dataclass(frozen=True)
class TrainingResult:
    """How a run ended.

    Attributes:
        folder: The run's folder.
        artifact: The model in it.
        steps: Training steps complete.
        interrupted: True where somebody stopped it before its last step.
    """

    folder: Path
    artifact: Path
    steps: int
    interrupted: bool


class Trainer:
    """Drives a session from where it is to the last step and leaves its traces in a folder.

    Args:
        session: What to train.
        folder: Where to write.
        reporter: Whom to tell.
        trackers: Where metrics and pictures go beside the folder.
        watch: Looks at the data before each checkpoint, and is told whether it is the last: a
            sentence on what became of them, or empty. It may raise DataError.
    """

    def __init__(
        self,
        session: Session,
        folder: RunFolder,
        reporter: Reporter,
        trackers: Sequence[Entry[TrackerSpec]] = (),
        watch: Callable[[bool], str] = lambda last: "",
    ) -> None:
        self.session = session
        self.folder = folder
        self._waiting = sharing_processors()
        self._outputs = RunOutputs(session, folder, reporter, trackers, watch, self._waiting)

    @property
    def step(self) -> int:
        """Training steps complete."""
        return self.session.position.step

    def run(self) -> TrainingResult:
        """Train to the last step, or until interrupted after a step.

        Raises:
            DivergenceError: A loss or weight is no longer finite; checkpoints are kept.
            StorageError: Something could not be written; checkpoints are kept.
        """
        total = self.session.config.steps
        self._outputs.started()
        try:
            with self._waiting, determinism(self.session.config.deterministic):
                self._train(total)
        except BaseException as error:
            self._outputs.failed(error)
            raise
        interrupted = self.step < total
        self._outputs.ended(interrupted)
        return TrainingResult(self.folder.path, self.folder.artifact, self.step, interrupted)

    def _train(self, total: int) -> None:
        with Interrupts(self.session.processes) as interrupts, sharding_errors():
            if self.step == 0:
                self._check_range()
                self._outputs.snapshot()
                if self.session.task.plan.origin is not None:
                    # From here on the run needs the model no more that it begins with.
                    self._outputs.save(final=False)
            self._prepare()
            while self.step < total and not interrupts.agreed():
                self._take_step()
                self._outputs.write_due()
            self._outputs.save(final=True)

    def advance(self, steps: int) -> None:
        """Take `steps` training steps and log them as `run` does, without pictures or saving."""
        for _ in range(steps):
            self._take_step()
            if self.step % self.session.config.log_every == 0:
                self._outputs.measure()

    def _take_step(self) -> None:
        session, position = self.session, self.session.position
        # Modules that draw from the global stream, such as dropout, resume exactly too.
        identity = (session.config.seed, "global", position.step, session.processes.rank)
        with seeded_generators(derive_seed(*identity), session.device):
            session.schedule.apply(position.step)
            session.engine.run(position.step, self._draw)
        if position.step == 0:
            # Some networks initialise themselves from the first batch: here, from rank 0's rows.
            unify_buffers(session.processes, session.parts.values())
            share_weights(session.processes, session.parts.values())
        session.ema.update(position.step)
        position.step += 1
        self._outputs.stepped()

    def _draw(self) -> list[Step]:
        return [self._next_step() for _ in range(self.session.config.accumulate)]

    def _next_step(self) -> Step:
        session, position = self.session, self.session.position
        identity = (session.config.seed, "batch", position.drawn)
        x, labels = self._batch(self._own_indices())
        position.drawn += session.config.batch_size
        session.dataset.expect(self._own_indices())
        self._prepare()
        return Step(
            index=position.step,
            total=session.config.steps,
            batch=Batch(x, labels),
            parts=session.parts,
            prior=session.prior,
            identity=identity,
            processes=session.processes,
        )

    def _prepare(self) -> None:
        """Announce what is read from here on."""
        session = self.session
        session.dataset.prepare(session.stream.blocks_from(session.position.drawn))

    def _own_indices(self) -> np.ndarray:
        """Which samples of the next batch this process takes."""
        session = self.session
        indices = session.stream.take(session.position.drawn, session.config.batch_size)
        return indices[session.processes.rows(len(indices))]

    def _batch(self, indices: np.ndarray) -> tuple[torch.Tensor, torch.Tensor | None]:
        spec = self.session.task.architecture.sample
        return self.session.dataset.batch(indices, spec, self.session.device)

    def _check_range(self) -> None:
        session, spec = self.session, self.session.task.architecture.sample
        if not spec.bounded:
            return
        x, _ = self._batch(session.stream.take(0, session.config.batch_size))
        low, high = float(x.min()), float(x.max())
        # Turned round, so that NaN, which compares to nothing, is refused too.
        if not (low >= spec.low - 1e-4 and high <= spec.high + 1e-4):
            raise SpecError(
                f"The data has values from {low:.3g} to {high:.3g}, but "
                f"{session.task.entry.full_name} works in [{spec.low:.3g}, {spec.high:.3g}]."
            )
