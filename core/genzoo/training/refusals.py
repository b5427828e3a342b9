"""What is refused before anything that takes time: plans whose pieces do not fit together."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from genzoo.data.outline import Outline
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.errors import CapabilityError, UsageError
from genzoo.interfaces.architecture import Architecture
from genzoo.interfaces.noise import derive_seed
from genzoo.interfaces.objective import Objective, TrainingContext
from genzoo.model.build import build_architecture
from genzoo.model.encoding import require_encoder
from genzoo.records import ArchitectureSpec, ObjectiveSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import parse_config
from genzoo.torch_globals import own_draws
from genzoo.training.training_config import RunPlan, TrainingConfig


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
    entry, architecture = build_architecture(
        registry, plan.architecture, plan.architecture_config, known.spec
    )
    record = objective_entry(plan, registry, entry).record
    objective = build_objective(plan, record, architecture, known.most or config.batch_size)
    check_parts(entry, objective, fresh_parts(architecture, objective, config))


def objective_entry(
    plan: RunPlan, registry: Registry, entry: Entry[ArchitectureSpec]
) -> Entry[ObjectiveSpec]:
    """The plan's objective; by default the architecture's own."""
    if plan.objective:
        return registry[ObjectiveSpec].find(plan.objective)
    return registry.objective_of(entry)


def check_parts(
    entry: Entry[ArchitectureSpec], objective: Objective, parts: Mapping[str, nn.Module]
) -> None:
    """Refuse parts that the objective cannot train, or priors that cannot be fitted.

    Raises:
        CapabilityError: It is so.
    """
    objective.check(parts)
    if entry.record.priors:
        # They are fitted to latents of the data: better refused now than after the last step.
        require_encoder([parts[name] for name in entry.record.inference], entry.full_name)


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


def build_objective(
    plan: RunPlan, record: ObjectiveSpec, architecture: Architecture, data_count: int
) -> Objective:
    """The plan's objective, bound to its configuration and to the run."""
    config = parse_config(
        load_target(record.config), plan.objective_config, f"objective {record.name}"
    )
    context = TrainingContext(
        sample=architecture.sample,
        latent=architecture.latent,
        data_count=data_count,
        batch_size=plan.training.batch_size,
        total_steps=plan.training.steps,
    )
    objective: Objective = load_target(record.target)(config, context)
    return objective


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


def fresh_parts(
    architecture: Architecture, objective: Objective, config: TrainingConfig
) -> dict[str, nn.Module]:
    """All parts, initialised from the seed alone. Global random state is left alone."""
    with own_draws(derive_seed(config.seed, "initialisation")):
        return {**architecture.build(), **objective.parts()}
