"""A plan with all that it names looked up, once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from genzoo.data.data_argument import DataLike
from genzoo.data.find_source import lasting_data
from genzoo.data.kind_of_data import choose_kind
from genzoo.errors import CapabilityError, UsageError
from genzoo.interfaces.kind import Kind
from genzoo.media.registered_kinds import kind_config, load_kind
from genzoo.records import ArchitectureSpec, KindSpec, ObjectiveSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import Config, parse_config
from genzoo.training.through_autoencoder import Autoencoder
from genzoo.training.training_config import OriginRecord, RunPlan, TrainingConfig

if TYPE_CHECKING:
    from genzoo.distributed.process_group import ProcessGroup
    from genzoo.training.starting_model import StartingModel


@dataclass(frozen=True)
class PlannedRun:
    """A run before it begins, or goes on.

    Attributes:
        plan: What was asked for.
        registry: Where names were looked up.
        architecture: What is trained.
        architecture_config: How it is built.
        objective: How it learns.
        objective_config: With which options.
        data: What it learns from: what the plan names, or arrays, which cannot be named.
        kind_entry: What the data hold; None to look at them when that is asked for.
        starting: The model whose weights a new run begins with; None to begin anew.
    """

    plan: RunPlan
    registry: Registry
    architecture: Entry[ArchitectureSpec]
    architecture_config: Config
    objective: Entry[ObjectiveSpec]
    objective_config: Config
    data: DataLike
    kind_entry: Entry[KindSpec] | None = None
    kind_options: Config | None = None
    starting: StartingModel | None = None

    @classmethod
    def of(cls, plan: RunPlan, registry: Registry, data: DataLike | None = None) -> PlannedRun:
        """The run of a plan as it stands, such as that of a run that goes on.

        Args:
            plan: What is asked for.
            registry: Where names are looked up.
            data: What to learn from; by default what the plan names.

        Raises:
            ConfigError: A value or field that does not fit.
            UnknownNameError: There is no such architecture or objective.
        """
        architecture, objective = _entries(plan, registry)
        return cls(
            plan,
            registry,
            architecture,
            _parsed(architecture, plan.architecture_config),
            objective,
            _parsed(objective, plan.objective_config),
            plan.data.data if data is None else data,
        )

    @classmethod
    def begun(
        cls,
        plan: RunPlan,
        registry: Registry,
        data: DataLike | None = None,
        kind: Entry[KindSpec] | None = None,
        starting: StartingModel | None = None,
    ) -> PlannedRun:
        """A new run of a plan, which is spelt out: its record means the same anywhere, any time.

        Args:
            plan: What is asked for.
            registry: Where names are looked up.
            data: What to learn from; by default what the plan names.
            kind: What the data hold, if that was found out.
            starting: The model whose weights it begins with.

        Raises:
            CapabilityError: The objective trains parts that the architecture lacks.
            ConfigError: A value or field that does not fit.
            SpecError: The architecture does not model what the data hold.
            UsageError: There are no such names, or the data do not show what they hold.
        """
        data = plan.data.data if data is None else data
        architecture, objective = _entries(plan, registry)
        own = registry.is_own_objective(architecture, objective)
        defaults = architecture.record.objective_defaults if own else {}
        losses = {**defaults, **plan.objective_config}
        networks, goal = _parsed(architecture, plan.architecture_config), _parsed(objective, losses)
        through = plan.data.through and Autoencoder.find(plan.data.through, registry)
        if through:
            kind = through.kind_entry
        kind = kind or choose_kind(registry, architecture, data, plan.data.kind)
        options = parse_config(kind_config(kind), plan.data.options, "data")
        check_fit(architecture.record, objective.record)
        # It imports torch: what can be refused without is refused in a tenth of the time.
        from genzoo.model.build import check_kind

        check_kind(architecture.record, "latent" if through else kind.record.name)
        source = plan.data.model_copy(
            update={
                "data": lasting_data(data, registry),
                "kind": kind.full_name,
                "through": through.lasting_name if through else None,
                "options": options.model_dump(mode="json", exclude_unset=True),
            }
        )
        spelt_out = plan.model_copy(
            update={
                "architecture": architecture.full_name,
                "objective": objective.full_name,
                "objective_config": losses,
                "data": source,
            }
        )
        return cls(
            plan=spelt_out,
            registry=registry,
            architecture=architecture,
            architecture_config=networks,
            objective=objective,
            objective_config=goal,
            data=data,
            kind_entry=kind,
            kind_options=options,
            starting=starting,
        )

    def beginning_with(self, origin: OriginRecord) -> PlannedRun:
        """The same run, which says what it begins with."""
        return replace(self, plan=self.plan.model_copy(update={"origin": origin}))

    @cached_property
    def through(self) -> Autoencoder | None:
        """The autoencoder that the run trains through.

        Raises:
            GenzooError: It cannot be found.
        """
        name = self.plan.data.through
        return None if name is None else Autoencoder.find(name, self.registry)

    @cached_property
    def kind(self) -> Kind:
        """What the data hold, with the plan's options and, for the rest, the autoencoder's.

        Raises:
            ConfigError: An option that it lacks, or a value out of bounds.
            PluginError: Its code fails.
            UsageError: The data do not show what they hold.
        """
        if self.through is not None:
            return self.through.kind(self.plan.data.options)
        entry = self.kind_entry or choose_kind(
            self.registry, self.architecture, self.data, self.plan.data.kind
        )
        return load_kind(entry, self.kind_options or self.plan.data.options)


def _entries(
    plan: RunPlan, registry: Registry
) -> tuple[Entry[ArchitectureSpec], Entry[ObjectiveSpec]]:
    architecture = registry[ArchitectureSpec].find(plan.architecture)
    if plan.objective is None:
        return architecture, registry.objective_of(architecture)
    near = architecture.distribution
    return architecture, registry[ObjectiveSpec].find(plan.objective, near=near)


def _parsed(
    entry: Entry[ArchitectureSpec] | Entry[ObjectiveSpec], values: dict[str, object]
) -> Config:
    config: type[Config] = load_target(entry.record.config)
    return parse_config(config, values, f"{entry.record.what} {entry.record.name}")


def check_fit(architecture: ArchitectureSpec, objective: ObjectiveSpec) -> None:
    """Refuse an objective that trains parts the architecture does not have.

    Raises:
        CapabilityError: Names the parts and the architecture's own objective.
    """
    missing = [part for part in objective.requires if part not in architecture.parts]
    if missing:
        trained, lacking = " and ".join(objective.requires), " and ".join(missing)
        raise CapabilityError(
            f"The objective '{objective.name}' trains the parts {trained}, "
            f"and {architecture.name} lacks {lacking}.",
            f"Its own objective is '{architecture.objective}'.",
        )


def check_batch(config: TrainingConfig, count: int, processes: ProcessGroup) -> None:
    """Refuse a batch that `count` samples do not fill, or that does not divide.

    Raises:
        UsageError: Says what would do.
    """
    largest = count - count % processes.size
    if config.batch_size > count:
        raise UsageError(
            f"A batch of {config.batch_size} is larger than the data, which has {count}.",
            f"Use --batch-size {largest} or less."
            if largest
            else f"It takes at least {processes.size}, one for each process.",
        )
    if config.batch_size % processes.size:
        raise UsageError(
            f"A batch of {config.batch_size} does not divide among {processes.size} processes.",
            f"Use a multiple of {processes.size}: --batch-size counts the samples of all.",
        )
