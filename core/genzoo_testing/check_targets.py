"""What the contract is checked on: plugins, records, architectures, and pairs with objectives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import torch

from genzoo.data.dataset import Dataset
from genzoo.errors import CapabilityError, SpecError
from genzoo.interfaces.training_step import Batch, Step
from genzoo.model.build import build_model
from genzoo.model.model import Model
from genzoo.records import ArchitectureSpec, ObjectiveSpec, Record
from genzoo.registry import Entry, Registry
from genzoo.specs import SampleSpec
from genzoo.training.components import Session, open_session
from genzoo.training.planned_run import PlannedRun, check_fit
from genzoo.training.reporter import Reporter
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer
from genzoo_testing.perturb_weights import stir
from genzoo_testing.random_inputs import COUNT, RandomDataset, cyclic_labels, random_samples
from genzoo_testing.source_location import root_of, source_of_target
from genzoo_testing.tiny_configs import Tiny, make_tiny

BATCH = 8
STEPS = 32


@dataclass(frozen=True, eq=False)
class PluginSubject:
    """A distribution with what it declares.

    Attributes:
        distribution: Its name.
        entries: What its entry points name: `package` or `package.module:attribute`.
        reasons: Why entry points of it are not loaded.
        registry: Everything that is registered, by it and by others.
    """

    distribution: str
    entries: tuple[str, ...]
    reasons: tuple[str, ...]
    registry: Registry

    @property
    def name(self) -> str:
        return f"plugin {self.distribution}"

    @property
    def where(self) -> str:
        return ", ".join(self.entries)

    @cached_property
    def modules(self) -> frozenset[str]:
        return frozenset(map(root_of, self.entries))


@dataclass(frozen=True, eq=False)
class RecordSubject:
    """A record and the code that it names."""

    registry: Registry
    entry: Entry[Any]

    @property
    def record(self) -> Record:
        """What was registered."""
        record: Record = self.entry.record
        return record

    @property
    def name(self) -> str:
        return f"{self.record.what} {self.record.name}"

    @cached_property
    def where(self) -> str:
        target = getattr(self.record, "target", "")
        return source_of_target(target) if target else ""

    @cached_property
    def modules(self) -> frozenset[str]:
        return frozenset(root_of(getattr(self.record, key, "")) for key in ("target", "config"))


@dataclass(frozen=True, eq=False)
class ArchitectureSubject:
    """An architecture, built small, for one kind of samples.

    Attributes:
        config: Values of its config; by default those that its record gives, or made small.
        sample: Fields of the samples' contract; by default the smallest usual one that it takes.
    """

    registry: Registry
    entry: Entry[ArchitectureSpec]
    kind: str = "image"
    config: Mapping[str, Any] | None = None
    sample: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        several = len(self.entry.record.kinds) > 1
        return f"architecture {self.entry.record.name}" + (f" of {self.kind}" if several else "")

    @cached_property
    def where(self) -> str:
        return source_of_target(self.entry.record.target)

    @cached_property
    def modules(self) -> frozenset[str]:
        return frozenset({root_of(self.entry.record.target)})

    @cached_property
    def tiny(self) -> Tiny:
        """How it is built small."""
        return make_tiny(self.registry, self.entry, self.kind, self.config, self.sample)

    def fresh(self, sample: SampleSpec) -> Model:
        """It with all its parts, as initialised."""
        return build_model(self.registry, self.entry.full_name, sample, self.tiny.config)

    def stirred(self, sample: SampleSpec) -> Model:
        """It with all its parts, away from its initialisation as training would take it."""
        return stir(self.fresh(sample))


@dataclass(frozen=True, eq=False)
class PairSubject:
    """An objective on an architecture that it fits, with classes where the architecture has them.

    Attributes:
        owner: Distribution that is looked at; what others registered goes by its full name.
    """

    architecture: ArchitectureSubject
    objective: Entry[ObjectiveSpec]
    owner: str = ""

    @property
    def name(self) -> str:
        entries = (self.architecture.entry, self.objective)
        names = [
            entry.record.name if entry.distribution == self.owner else entry.full_name
            for entry in entries
        ]
        several = len(self.architecture.entry.record.kinds) > 1
        kind = f" of {self.architecture.kind}" if several else ""
        return f"{names[0]}{kind} with {names[1]}"

    @cached_property
    def where(self) -> str:
        return source_of_target(self.objective.record.target)

    @cached_property
    def modules(self) -> frozenset[str]:
        return self.architecture.modules | {root_of(self.objective.record.target)}

    @cached_property
    def refusal(self) -> str:
        """The objective's words where it refuses these networks; empty where it takes them."""
        try:
            check_fit(self.architecture.entry.record, self.objective.record)
            self.open_session()
        except (CapabilityError, SpecError) as error:
            return str(error)
        return ""

    @property
    def is_own(self) -> bool:
        """Whether the architecture is trained with this objective by default."""
        own = self.architecture.entry.record.objective
        return own in (self.objective.record.name, self.objective.full_name)

    def open_session(self) -> Session:
        """A run that is about to begin, in float32 on the processor."""
        entry, tiny = self.architecture.entry, self.architecture.tiny
        plan = RunPlan(
            architecture=entry.full_name,
            architecture_config=dict(tiny.config),
            objective=self.objective.full_name,
            objective_config=dict(entry.record.objective_defaults) if self.is_own else {},
            data=DataConfig(data=RandomDataset.name),
            training=TrainingConfig(
                steps=STEPS, batch_size=BATCH, device="cpu", precision="fp32", tracker=("none",)
            ),
        )
        # Any object that hands out batches serves; this one has no files.
        dataset = cast(Dataset, RandomDataset(tiny.samples[-1]))
        return open_session(PlannedRun.of(plan, self.architecture.registry), dataset)

    @contextmanager
    def trainer(self) -> Iterator[Trainer]:
        """A trainer at step 0, with a folder for the length of the block."""
        with TemporaryDirectory(prefix="genzoo-check-") as name:
            folder = RunFolder(Path(name) / "run")
            folder.create()
            yield Trainer(self.open_session(), folder, Reporter())


def make_step(session: Session, index: int = 0, draw: int = 0) -> Step:
    """A step with the batch number `draw`, every part in training mode."""
    spec = session.task.architecture.sample
    rows = torch.arange(BATCH) + draw * BATCH
    x = random_samples(spec, COUNT)[rows % COUNT]
    labels = cyclic_labels(spec, COUNT)
    return Step(
        index=index,
        total=session.config.steps,
        batch=Batch(x, None if labels is None else labels[rows % COUNT]),
        parts=session.parts,
        prior=session.prior,
        identity=("check", index, draw),
    )
