"""Examines a run while it trains, at each snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from genzoo.data.dataset import Dataset
from genzoo.doctor.checks.mode_collapse import diversity
from genzoo.doctor.distances import energy_distance
from genzoo.doctor.doctor_record import DoctorRecord
from genzoo.doctor.evidence import Blocks, Evidence, Remedy, names_values, unit_rows
from genzoo.doctor.examine import examine
from genzoo.doctor.finding import SEVERITIES, Finding
from genzoo.doctor.history import TAIL_BYTES, History
from genzoo.errors import DivergenceError, PluginError
from genzoo.interfaces.objective import Objective
from genzoo.interfaces.vital_signs import VitalSign
from genzoo.plugin_safety.plugin_errors import contained
from genzoo.specs import SampleSpec
from genzoo.training.components import Session
from genzoo.training.divergence import divergence_hint
from genzoo.training.fsdp_tensors import local_shard
from genzoo.training.phase_runner import PhaseEngine
from genzoo.training.run_folder import RunFolder

MOST_VALUES = 1 << 22
"""Numbers in the data up to which neighbours are sought while training."""

LEAST_BETWEEN = 100
"""Steps after which weights must have changed."""

FIRST = 512
"""Values of each parameter that are looked at for that."""

BLOCK = 256
"""Samples of the data held at once."""


class Checkup:
    """Tells what goes wrong as soon as it shows, once, and keeps it in `doctor.json`.

    Args:
        session: The run.
        folder: Where it writes.
        note: Tells the user.
        step: Training steps complete.
    """

    def __init__(
        self, session: Session, folder: RunFolder, note: Callable[[str], None], step: int
    ) -> None:
        self._session = session
        self._folder = folder
        self._note = note
        self._record = DoctorRecord.read(folder.doctor_file).rewound(step)
        self._before: tuple[int, Tensor] | None = None

    def examine(self, step: int, samples: Tensor) -> None:
        """Look at the log and at samples of the latents that never change.

        Args:
            step: Training steps complete.
            samples: (n, *sample shape) in the range of the model's samples.
        """
        session = self._session
        spec, content = session.model.sample_spec, session.dataset.content
        rows = unit_rows(samples, spec)
        real = some_of(content, len(rows), spec)
        result = examine(
            Evidence(
                step=step,
                history=History.read(self._folder.metrics_file, TAIL_BYTES),
                signs=self._signs,
                losses=losses_by_parts(session.engine),
                samples=rows,
                diversity_before=self._record.diversity_before(step),
                least_distance=self._record.least_distance(step),
                moved=self._moved(step),
                real=real,
                data=self._data,
                data_count=len(session.dataset),
                in_force=in_force(session.task.objective, self._streamed),
                named_values=names_values(spec),
            )
        )
        known = self._record
        self._record = (
            known.updated(step, result.findings, result.unexamined)
            .measured(step, diversity(rows, real), energy_distance(rows, real))
            .model_copy(update={"losses": losses_by_parts(session.engine)})
        )
        self._record.write(self._folder.doctor_file)
        self._tell(result.findings, known)

    def diverged(self, step: int, error: DivergenceError) -> None:
        """Keep that the run ended because a number was no longer finite, and say what to do."""
        error.hint = divergence_hint(self._session.precision)
        finding = Finding("diverged", "problem", error.message, error.hint)
        others = [found.name for found in self._record.findings]
        self._record = self._record.updated(step, [finding], others)
        self._record.write(self._folder.doctor_file)

    def _tell(self, findings: Sequence[Finding], known: DoctorRecord) -> None:
        """Tell of findings that are new, or worse than they were."""
        told = {found.name: SEVERITIES.index(found.severity) for found in known.findings}
        for finding in findings:
            if SEVERITIES.index(finding.severity) > told.get(finding.name, -1):
                self._note(str(finding))

    def _moved(self, step: int) -> float | None:
        """How far weights are from where they were at the last look that is long enough ago."""
        if self._before is not None and step - self._before[0] < LEAST_BETWEEN:
            return None
        now, before = _weights(self._session), self._before
        self._before = (step, now)
        if before is None:
            return None
        return float((now - before[1]).norm() / before[1].norm().clamp_min(1e-12))

    @cached_property
    def _signs(self) -> Sequence[VitalSign]:
        return declared_signs(self._session.task.objective, self._note)

    @property
    def _streamed(self) -> bool:
        """Whether data are decoded as they are used."""
        return not isinstance(self._session.dataset.rows, np.ndarray)

    @property
    def _data(self) -> Blocks | None:
        dataset, spec = self._session.dataset.content, self._session.model.sample_spec
        near = dataset.blocks is None
        small = near and len(dataset) * int(np.prod(spec.shape)) <= MOST_VALUES
        return all_of(dataset, spec) if small else None


def losses_by_parts(engine: PhaseEngine) -> dict[str, tuple[str, ...]]:
    """Names of logged losses by the parts that minimise them, as `encoder and decoder`."""
    found: dict[str, tuple[str, ...]] = {}
    for phase in engine.phases:
        names = sorted(
            name for name in engine.meter.losses if name.rpartition("/")[0] == phase.name
        )
        parts = " and ".join(phase.trains)
        found[parts] = (*found.get(parts, ()), *names)
    return found


def _weights(session: Session) -> Tensor:
    """Some values of what this process has of every averaged parameter, on the processor."""
    shares = [local_shard(p.detach()) for p in session.ema.module.parameters()]
    return torch.cat([share.flatten()[:FIRST].to("cpu", torch.float32) for share in shares])


def in_force(objective: Objective, streamed: bool) -> frozenset[Remedy]:
    """The remedies that a run began with."""
    config = objective.config
    field = type(config).model_fields.get("learning_rate")
    rate, usual = getattr(config, "learning_rate", None), field and field.default
    found: set[Remedy] = {"stream"} if streamed else set()
    if isinstance(rate, float) and isinstance(usual, float) and rate != usual:
        found.add("lower-rate" if rate < usual else "higher-rate")
    return frozenset(found)


def declared_signs(objective: Objective, note: Callable[[str], None]) -> Sequence[VitalSign]:
    """The objective's vital signs; none, and a note, where its code fails."""
    try:
        with contained("its vital_signs raised an error"):
            return tuple(objective.vital_signs())
    except PluginError as error:
        note(f"The doctor knows nothing of this objective: {error}")
        return ()


def some_of(dataset: Dataset, count: int, spec: SampleSpec) -> Tensor:
    """At most `count` samples spread over the data, as `unit_rows` makes them."""
    return unit_rows(dataset.again(dataset.spread(count), spec)[0], spec)


def all_of(dataset: Dataset, spec: SampleSpec) -> Blocks:
    """Gives all samples, block by block."""

    def blocks() -> Iterator[Tensor]:
        for first in range(0, len(dataset), BLOCK):
            indices = np.arange(first, min(first + BLOCK, len(dataset)), dtype=np.int64)
            yield unit_rows(dataset.batch(indices, spec)[0], spec)

    return blocks
