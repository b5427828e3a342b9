"""The training loop. One for every architecture and objective."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genzoo.errors import DivergenceError, SpecError
from genzoo.events import Events
from genzoo.interfaces.noise import derive_seed
from genzoo.interfaces.step import Batch, Step
from genzoo.interfaces.tracker import RunDescription
from genzoo.plugin_errors import one_line
from genzoo.records import TrackerSpec
from genzoo.registry import Entry
from genzoo.torch_globals import seeded_generators
from genzoo.training.checkpoint import Checkpoint, list_checkpoints, write_checkpoint
from genzoo.training.choose_trackers import Trackers
from genzoo.training.components import Session, held_tensors, part_tensors, session_tensors
from genzoo.training.determinism import determinism
from genzoo.training.divergence import Groups, first_non_finite
from genzoo.training.doctor_while_training import Checkup
from genzoo.training.fsdp_tensors import WholeTensors, sharding_errors
from genzoo.training.interrupts import Interrupts
from genzoo.training.pace import Pace
from genzoo.training.replicas import share_weights, unify_buffers
from genzoo.training.reporter import Reporter
from genzoo.training.run_folder import MetricsLog, RunFolder
from genzoo.training.save_artifact import publish
from genzoo.training.snapshot import write_snapshot
from genzoo.waiting import sharing_processors


def _nothing() -> None:
    """What processes do that do not write."""


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
    """Drives a session from one step to the last and leaves its traces in a folder.

    Args:
        session: What to train.
        folder: Where to write.
        reporter: Whom to tell.
        step: Training steps complete already.
        drawn: Samples drawn from the data already.
        trackers: Where metrics and pictures go beside the folder.
        watch: Looks at the data before each checkpoint, and is told whether it is the last: a
            sentence on what became of them, or empty. It may raise DataError.
    """

    def __init__(
        self,
        session: Session,
        folder: RunFolder,
        reporter: Reporter,
        step: int = 0,
        drawn: int = 0,
        trackers: Sequence[Entry[TrackerSpec]] = (),
        watch: Callable[[bool], str] = lambda last: "",
    ) -> None:
        self.session = session
        self.folder = folder
        self.step = step
        self.drawn = drawn
        self._reporter = reporter
        self._watch = watch
        self._world = session.processes
        self._log = MetricsLog(folder.metrics_file)
        self._description = describe_run(session, folder, step)
        leads = session.processes.is_main
        self._trackers = Trackers(trackers if leads else (), self._description, reporter.note)
        self._events = Events(session.registry.listeners if leads else (), reporter.note)
        self._checkup = Checkup(session, folder, reporter.note, step)
        self._waiting = sharing_processors()
        taken_in = session.config.batch_size * session.config.accumulate
        self._pace = Pace(session.dataset, taken_in, step, self._waiting)

    def run(self) -> TrainingResult:
        """Train to the last step, or until interrupted after a step.

        Raises:
            DivergenceError: A loss or weight is no longer finite; checkpoints are kept.
            StorageError: Something could not be written; checkpoints are kept.
        """
        total = self.session.config.steps
        self._reporter.started(self.step, total)
        self._send("genzoo_run_started")
        try:
            with self._waiting, determinism(self.session.config.deterministic):
                self._train(total)
        except BaseException as error:
            if isinstance(error, DivergenceError) and self._world.is_main:
                self._checkup.diverged(self.step, error)
            self._end(interrupted=False, error=one_line(error))
            raise
        interrupted = self.step < total
        self._end(interrupted, error="")
        self._reporter.finished(self.step, interrupted)
        return TrainingResult(self.folder.path, self.folder.artifact, self.step, interrupted)

    def _train(self, total: int) -> None:
        with Interrupts(self._world) as interrupts, sharding_errors():
            if self.step == 0:
                self._check_range()
                self._snapshot()
            self._prepare()
            while self.step < total and not interrupts.agreed():
                self._take_step()
                self._keep_books()
            self._save(final=True)

    def _end(self, interrupted: bool, error: str) -> None:
        self._trackers.close()
        self._send("genzoo_run_ended", interrupted=interrupted, error=error)

    def advance(self, steps: int) -> None:
        """Take `steps` training steps and log them as `run` does, without pictures or saving."""
        for _ in range(steps):
            self._take_step()
            if self.step % self.session.config.log_every == 0:
                self._measure()

    def _take_step(self) -> None:
        session = self.session
        # Modules that draw from the global stream, such as dropout, resume exactly too.
        identity = (session.config.seed, "global", self.step, self._world.rank)
        with seeded_generators(derive_seed(*identity), session.device):
            session.schedule.apply(self.step)
            session.engine.run(self.step, self._draw)
        if self.step == 0:
            # Some networks initialise themselves from the first batch: here, from rank 0's rows.
            share_weights(self._world, session.parts.values())
        session.ema.update(self.step)
        self.step += 1
        self._reporter.stepped(self.step)
        self._send("genzoo_step_ended")

    def _draw(self) -> list[Step]:
        return [self._next_step() for _ in range(self.session.config.accumulate)]

    def _next_step(self) -> Step:
        session = self.session
        identity = (session.config.seed, "batch", self.drawn)
        x, labels = self._batch(self._own_indices())
        self.drawn += session.config.batch_size
        session.dataset.expect(self._own_indices())
        self._prepare()
        return Step(
            index=self.step,
            total=session.config.steps,
            batch=Batch(x, labels),
            parts=session.parts,
            prior=session.prior,
            identity=identity,
            processes=self._world,
        )

    def _prepare(self) -> None:
        """Announce what is read from here on."""
        self.session.dataset.prepare(self.session.stream.blocks_from(self.drawn))

    def _own_indices(self) -> np.ndarray:
        """Which samples of the next batch this process takes."""
        indices = self.session.stream.take(self.drawn, self.session.config.batch_size)
        return indices[self._world.rows(len(indices))]

    def _batch(self, indices: np.ndarray) -> tuple[torch.Tensor, torch.Tensor | None]:
        spec = self.session.architecture.sample
        return self.session.dataset.batch(indices, spec, self.session.device)

    def _check_range(self) -> None:
        spec = self.session.architecture.sample
        x, _ = self._batch(self.session.stream.take(0, self.session.config.batch_size))
        low, high = float(x.min()), float(x.max())
        # Turned round, so that NaN, which compares to nothing, is refused too.
        if not (low >= spec.low - 1e-4 and high <= spec.high + 1e-4):
            raise SpecError(
                f"The data has values from {low:.3g} to {high:.3g}, but "
                f"{self.session.entry.full_name} works in [{spec.low:.3g}, {spec.high:.3g}]."
            )

    def _keep_books(self) -> None:
        config = self.session.config
        last = self.step == config.steps
        if self.step % config.log_every == 0 or last:
            self._measure()
        if self.step % config.snapshot_every == 0 or last:
            self._snapshot()
        if self.step % config.checkpoint_every == 0 and not last:
            self._save(final=False)

    def _measure(self) -> None:
        meter = self.session.engine.meter
        meter.average(self._world)
        means = meter.read()
        if not means:
            return
        self._check_finite(means, part_tensors(self.session))
        means |= self._pace.measure(self.step)
        if told := self._pace.news():
            self._reporter.note(told)
        if not self._world.is_main:
            return
        means |= self.session.schedule.learning_rates()
        self._log.append({"step": self.step, "samples": self.drawn, **means})
        self._reporter.measured(self.step, means)
        self._trackers.scalars(self.step, means)
        self._send("genzoo_metrics_measured", metrics=means)

    def _check_finite(self, means: Mapping[str, float], groups: Groups) -> None:
        broken = first_non_finite(means, groups)
        if not self._world.any(bool(broken)):
            return
        kept = list_checkpoints(self.folder.checkpoints)
        state = (
            f"The checkpoint {kept[-1].name} is kept" if kept else "No checkpoint was written yet"
        )
        raise DivergenceError(
            f"Training diverged near step {self.step}: {broken or 'a weight'} is no longer a "
            f"finite number. {state}."
        )

    def _snapshot(self) -> None:
        self._lead(self._write_snapshot)

    def _write_snapshot(self) -> None:
        shown = write_snapshot(self.session, self.folder.samples, self.step, self._trackers)
        for path in shown.paths:
            self._reporter.snapshot(self.step, path)
            self._send("genzoo_snapshot_saved", path=path)
        self._checkup.examine(self.step, shown.samples)

    def _save(self, final: bool) -> None:
        if changed := self._watch(final):
            self._reporter.note(changed)
        meter = self.session.engine.meter
        meter.average(self._world)
        self._check_finite(meter.means(), held_tensors(self.session))
        tensors = session_tensors(self.session)
        assist = tensors.assist if isinstance(tensors, WholeTensors) else _nothing
        self._lead(partial(self._write_checkpoint, tensors, final), assist)

    def _lead(self, write: Callable[[], None], assist: Callable[[], None] = _nothing) -> None:
        """Let rank 0 write down what all processes have come to."""
        self.session.engine.meter.average(self._world)
        unify_buffers(self._world, [*self.session.parts.values(), self.session.ema.module])
        with self.session.whole_weights():
            if self._world.is_main:
                write()
            else:
                assist()
        self._world.barrier()

    def _write_checkpoint(self, tensors: Mapping[str, Mapping[str, Tensor]], final: bool) -> None:
        self._log.sync()
        checkpoint = Checkpoint(self.step, self.drawn, tensors)
        keep = self.session.config.keep_checkpoints
        path = write_checkpoint(self.folder.checkpoints, checkpoint, keep)
        publish(self.session, self.folder, self.step, self.drawn, fit_priors=final)
        self._reporter.checkpointed(self.step, path)
        self._send("genzoo_checkpoint_saved", path=path)

    def _send(self, event: str, **facts: object) -> None:
        self._events.send(event, run=self._description, step=self.step, **facts)


def describe_run(session: Session, folder: RunFolder, first_step: int) -> RunDescription:
    """The run as event hooks and trackers see it."""
    return RunDescription(
        folder=folder.path,
        architecture=session.entry.full_name,
        objective=session.objective_entry.full_name,
        data=session.dataset.name,
        first_step=first_step,
        total_steps=session.config.steps,
        settings={
            "architecture": session.architecture.config.model_dump(mode="json"),
            "objective": session.objective.config.model_dump(mode="json"),
            "training": session.config.model_dump(mode="json"),
        },
    )
