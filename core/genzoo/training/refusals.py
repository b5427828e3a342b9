"""What a plan asks to be learnt, and what is refused of it before anything that takes time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import nn

from genzoo.data.outline import Outline
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.errors import CapabilityError, UsageError
from genzoo.interfaces.architecture import Architecture
from genzoo.interfaces.noise import derive_seed
from genzoo.interfaces.objective import Objective, Phase, TrainingContext
from genzoo.model.build import build_architecture
from genzoo.model.encoding import require_encoder
from genzoo.records import ArchitectureSpec, ObjectiveSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import SampleSpec, parse_config
from genzoo.torch_globals import own_draws
from genzoo.training.training_config import RunPlan, TrainingConfig


@dataclass(frozen=True)
class Task:
    """A plan, looked up and bound to the samples that it learns from. It holds no weights.

    Attributes:
        plan: What was asked for.
        registry: Where names were looked up.
        entry: The registered architecture.
        architecture: It, for these samples.
        objective_entry: The registered objective; by default the architecture's own.
        objective: It, for this architecture and this run.
    """

    plan: RunPlan
    registry: Registry
    entry: Entry[ArchitectureSpec]
    architecture: Architecture
    objective_entry: Entry[ObjectiveSpec]
    objective: Objective

    @classmethod
    def build(cls, plan: RunPlan, registry: Registry, sample: SampleSpec, count: int) -> Task:
        """The task of a plan.

        Args:
            plan: What is asked for.
            registry: Where names are looked up.
            sample: Contract of the samples.
            count: Number of samples.

        Raises:
            UsageError: Names or options that do not fit.
        """
        entry, architecture = build_architecture(
            registry, plan.architecture, plan.architecture_config, sample
        )
        if plan.objective:
            chosen = registry[ObjectiveSpec].find(plan.objective)
        else:
            chosen = registry.objective_of(entry)
        objective = _build_objective(plan, chosen.record, architecture, count)
        return cls(plan, registry, entry, architecture, chosen, objective)

    @cached_property
    def phases(self) -> Sequence[Phase]:
        """The moves of one step, in order."""
        return self.objective.phases()

    def fresh_parts(self) -> dict[str, nn.Module]:
        """All networks, initialised from the seed alone. Global random state is left alone.

        Raises:
            CapabilityError: The objective cannot train them, or priors cannot be fitted.
        """
        with own_draws(derive_seed(self.plan.training.seed, "initialisation")):
            parts = {**self.architecture.build(), **self.objective.parts()}
        self.objective.check(parts)
        if self.entry.record.priors:
            # They are fitted to latents of the data: better refused now than after the last step.
            published = [parts[name] for name in self.entry.record.inference]
            require_encoder(published, self.entry.full_name)
        return parts


def _build_objective(
    plan: RunPlan, record: ObjectiveSpec, architecture: Architecture, count: int
) -> Objective:
    config = parse_config(
        load_target(record.config), plan.objective_config, f"objective {record.name}"
    )
    context = TrainingContext(
        sample=architecture.sample,
        latent=architecture.latent,
        data_count=count,
        batch_size=plan.training.batch_size,
        total_steps=plan.training.steps,
    )
    objective: Objective = load_target(record.target)(config, context)
    return objective


def refuse_early(
    plan: RunPlan,
    known: Outline,
    registry: Registry,
    processes: ProcessGroup = SINGLE_PROCESS,
) -> None:
    """Refuse what `open_session` would, as far as the options and the listing of the data tell.

    Raises:
        CapabilityError, UsageError: As `open_session`.
    """
    config = plan.training
    if known.most is not None:
        check_batch(config, known.most, processes)
    Task.build(plan, registry, known.spec, known.most or config.batch_size).fresh_parts()


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
