"""What a run writes down while it trains: its log, snapshots, checkpoints and the artifact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from torch import Tensor

from genzoo.errors import DivergenceError
from genzoo.events import Events
from genzoo.interfaces.tracker import RunDescription
from genzoo.media.save_samples import save_samples
from genzoo.plugin_safety.plugin_errors import one_line
from genzoo.records import TrackerSpec
from genzoo.registry import Entry
from genzoo.system.thread_waiting import Waiting
from genzoo.training.checkpoint import Checkpoint, write_checkpoint
from genzoo.training.choose_trackers import Trackers
from genzoo.training.components import Session, session_tensors, states
from genzoo.training.data_parallel import unify_buffers
from genzoo.training.divergence import check_finite
from genzoo.training.doctor_while_training import Checkup
from genzoo.training.evaluate_while_training import Evaluations
from genzoo.training.fsdp_tensors import FullTensors
from genzoo.training.metrics_log import MetricsLog, Pace, in_words
from genzoo.training.reporter import Reporter
from genzoo.training.run_folder import RunFolder
from genzoo.training.save_artifact import publish

COUNT = 64
COLUMNS = 8
"""Samples of a snapshot, and how many stand side by side."""

WORTH_TELLING = 60.0
"""Seconds from which on a run's duration is said."""


def _nothing() -> None:
    """What processes do that do not write."""


class RunOutputs:
    """Writes into a run's folder, and tells the reporter, the trackers and the event hooks.

    Rank 0 writes; all processes call the same methods.

    Args:
        session: What is trained.
        folder: Where to write.
        reporter: Whom to tell.
        trackers: Where metrics and pictures go beside the folder.
        watch: Looks at the data before each checkpoint, and is told whether it is the last: a
            sentence on what became of them, or empty. It may raise DataError.
        waiting: How threads wait for one another.
    """

    def __init__(
        self,
        session: Session,
        folder: RunFolder,
        reporter: Reporter,
        trackers: Sequence[Entry[TrackerSpec]],
        watch: Callable[[bool], str],
        waiting: Waiting,
    ) -> None:
        self._session = session
        self._folder = folder
        self._reporter = reporter
        self._watch = watch
        self._processes = session.processes
        self._log = MetricsLog(folder.metrics_file)
        self._description = describe_run(session, folder)
        told = session.processes.is_main
        self._trackers = Trackers(trackers if told else (), self._description, reporter.note)
        self._events = Events(session.task.registry.listeners if told else (), reporter.note)
        step = session.position.step
        self._evaluations = Evaluations(session, folder, reporter.note)
        self._doctor = Checkup(session, folder, reporter.note, step)
        samples = session.config.batch_size * session.config.accumulate
        self._told_duration = False
        self._pace = Pace(session.dataset, samples, step, waiting)

    def started(self) -> None:
        """Tell that training begins."""
        self._reporter.started(self._session.position.step, self._session.config.steps)
        self._send("genzoo_run_started")

    def stepped(self) -> None:
        """Tell that a step is complete."""
        self._reporter.stepped(self._session.position.step)
        self._send("genzoo_step_ended")

    def failed(self, error: BaseException) -> None:
        """Tell that the run ends by an error."""
        if isinstance(error, DivergenceError) and self._processes.is_main:
            self._doctor.diverged(self._session.position.step, error)
        self._end(interrupted=False, error=one_line(error))

    def ended(self, interrupted: bool) -> None:
        """Tell that the run ended, by itself or because it was asked to."""
        self._end(interrupted, error="")
        self._reporter.finished(self._session.position.step, interrupted)

    def _end(self, interrupted: bool, error: str) -> None:
        self._trackers.close()
        self._send("genzoo_run_ended", interrupted=interrupted, error=error)

    def write_due(self) -> None:
        """Write what is due after a step."""
        config, step = self._session.config, self._session.position.step
        last = step == config.steps
        if step % config.log_every == 0 or last:
            self.measure()
        if step % config.snapshot_every == 0 or last:
            self.snapshot()
        if self._evaluations.due(last):
            self._in_main_process(self._evaluate)
        if step % config.checkpoint_every == 0 and not last:
            self.save(final=False)

    def measure(self) -> None:
        """Write a line of the log: means since the last one, learning rates and the pace.

        Raises:
            DivergenceError: A mean or a weight is not finite.
        """
        session, position = self._session, self._session.position
        session.engine.meter.average(self._processes)
        means = session.engine.meter.read()
        if not means:
            return
        self._check_finite(means, states(session.networks.components()))
        means |= self._pace.measure(position.step)
        if told := self._pace.news():
            self._reporter.note(told)
        if not self._processes.is_main:
            return
        self._tell_duration(means["samples_per_second"])
        means |= session.schedule.learning_rates()
        self._log.append({"step": position.step, "samples": position.drawn, **means})
        self._reporter.measured(position.step, means)
        self._trackers.scalars(position.step, means)
        self._send("genzoo_metrics_measured", metrics=means)

    def _tell_duration(self, pace: float) -> None:
        """Say once how long the run will take at this pace, in samples a second."""
        if self._told_duration:
            return
        self._told_duration = True
        session = self._session
        left = session.config.steps - session.position.step
        seconds = left * session.config.batch_size * session.config.accumulate / max(pace, 1e-9)
        if seconds >= WORTH_TELLING:
            self._reporter.note(f"The other {left:,} steps take about {in_words(seconds)}.")

    def _evaluate(self) -> None:
        """Measure the averaged weights, and write what is found as a line of the log."""
        position, measured = self._session.position, self._evaluations.measure()
        self._log.append({"step": position.step, "samples": position.drawn, **measured})
        self._reporter.measured(position.step, measured)
        self._trackers.scalars(position.step, measured)
        self._send("genzoo_metrics_measured", metrics=measured)

    def snapshot(self) -> None:
        """Write what the averaged weights give for latents that never change, and examine it."""
        self._in_main_process(self._write_snapshot)

    def _write_snapshot(self) -> None:
        step = self._session.position.step
        shown, paths = snapshot_contents(self._session), []
        kind, spec = self._session.dataset.content.kind, self._session.model.sample_spec
        for name, x in shown.items():
            for ending in kind.snapshots:
                paths.append(self._folder.samples / f"{name}-{step:09d}{ending}")
                save_samples(x, kind, spec, paths[-1], COLUMNS)
            self._trackers.images(step, name, kind.picture(x, spec, COLUMNS))
            if (sound := kind.sound(x, spec)) is not None:
                self._trackers.sound(step, name, sound)
        for path in paths:
            self._reporter.snapshot(step, path)
            self._send("genzoo_snapshot_saved", path=path)
        self._doctor.examine(step, shown["samples"])

    def save(self, final: bool) -> None:
        """Write a checkpoint and the artifact.

        Args:
            final: It is the last of the run: priors are fitted too.

        Raises:
            DivergenceError: Something of it is not finite; the checkpoints before are kept.
        """
        if changed := self._watch(final):
            self._reporter.note(changed)
        session, meter = self._session, self._session.engine.meter
        meter.average(self._processes)
        self._check_finite(meter.means(), states(session.components))
        tensors = session_tensors(session)
        assist = tensors.assist if isinstance(tensors, FullTensors) else _nothing
        self._in_main_process(partial(self._write_checkpoint, tensors, final), assist)

    def _write_checkpoint(self, tensors: Mapping[str, Mapping[str, Tensor]], final: bool) -> None:
        self._log.sync()
        position, keep = self._session.position, self._session.config.keep_checkpoints
        checkpoint = Checkpoint(position.step, position.drawn, tensors)
        path = write_checkpoint(self._folder.checkpoints, checkpoint, keep)
        publish(self._session, self._folder.artifact, path, final)
        self._reporter.checkpointed(position.step, path)
        self._send("genzoo_checkpoint_saved", path=path)

    def _check_finite(
        self, means: Mapping[str, float], groups: Mapping[str, Mapping[str, Tensor]]
    ) -> None:
        step = self._session.position.step
        check_finite(means, groups, step, self._folder.checkpoints, self._processes)

    def _in_main_process(
        self, write: Callable[[], None], assist: Callable[[], None] = _nothing
    ) -> None:
        """Let rank 0 write down what all processes have come to, while the others assist."""
        session = self._session
        session.engine.meter.average(self._processes)
        unify_buffers(self._processes, [*session.parts.values(), session.ema.module])
        with session.full_weights():
            if self._processes.is_main:
                write()
            else:
                assist()
        self._processes.barrier()

    def _send(self, event: str, **facts: object) -> None:
        step = self._session.position.step
        self._events.send(event, run=self._description, step=step, **facts)


def snapshot_contents(session: Session) -> dict[str, Tensor]:
    """Samples of the run's seed, numbers 0 to 63, and reconstructions where the model encodes."""
    model = session.model
    shown = {"samples": model.sample(COUNT, seed=session.config.seed)}
    if model.can_encode:
        spec, dataset = model.sample_spec, session.dataset.content
        count = min(COUNT // 2, len(dataset))
        count = count // COLUMNS * COLUMNS or count
        indices = np.linspace(0, dataset.extent - 1, count).astype(np.int64)
        x, labels = dataset.again(indices, spec, session.device)
        pairs = dataset.kind.paired(x, model.reconstruct(x, labels), spec, COLUMNS)
        shown["reconstructions"] = pairs
    return shown


def describe_run(session: Session, folder: RunFolder) -> RunDescription:
    """A run that is about to begin, as event hooks and trackers see it."""
    task, config = session.task, session.config
    return RunDescription(
        folder=folder.path,
        architecture=task.entry.full_name,
        objective=task.objective_entry.full_name,
        data=session.dataset.name,
        first_step=session.position.step,
        total_steps=config.steps,
        settings={
            "architecture": task.architecture.config.model_dump(mode="json"),
            "objective": task.objective.config.model_dump(mode="json"),
            "training": config.model_dump(mode="json"),
        },
    )
