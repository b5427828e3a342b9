"""What a plan asks to be learnt, and what is refused of it before anything that takes time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import nn

from genzoo.data.outline import Outline
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.errors import UsageError
from genzoo.interfaces.architecture import Architecture
from genzoo.interfaces.noise import derive_seed
from genzoo.interfaces.objective import Objective, Phase, TrainingContext
from genzoo.model.build import build_architecture
from genzoo.model.encoding import require_encoder
from genzoo.records import ArchitectureSpec, ObjectiveSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import SampleSpec
from genzoo.torch_globals import own_draws
from genzoo.training.planned_run import PlannedRun
from genzoo.training.training_config import RunPlan, TrainingConfig


@dataclass(frozen=True)
class Task:
    """A planned run, bound to the samples that it learns from. It holds no weights.

    Attributes:
        planned: What was asked for, looked up.
        architecture: For these samples.
        objective: For this architecture and this run.
    """

    planned: PlannedRun
    architecture: Architecture
    objective: Objective

    @classmethod
    def build(cls, planned: PlannedRun, sample: SampleSpec, count: int) -> Task:
        """The task of a run.

        Args:
            planned: What is asked for.
            sample: Contract of the samples.
            count: Number of samples.

        Raises:
            UsageError: Names or options that do not fit.
        """
        _, architecture = build_architecture(
            planned.registry, planned.architecture.full_name, planned.architecture_config, sample
        )
        return cls(planned, architecture, _build_objective(planned, architecture, count))

    @property
    def plan(self) -> RunPlan:
        """What was asked for."""
        return self.planned.plan

    @property
    def registry(self) -> Registry:
        """Where names were looked up."""
        return self.planned.registry

    @property
    def entry(self) -> Entry[ArchitectureSpec]:
        """The registered architecture."""
        return self.planned.architecture

    @property
    def objective_entry(self) -> Entry[ObjectiveSpec]:
        """The registered objective."""
        return self.planned.objective

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


def _build_objective(planned: PlannedRun, architecture: Architecture, count: int) -> Objective:
    context = TrainingContext(
        sample=architecture.sample,
        latent=architecture.latent,
        data_count=count,
        batch_size=planned.plan.training.batch_size,
        total_steps=planned.plan.training.steps,
    )
    target = load_target(planned.objective.record.target)
    objective: Objective = target(planned.objective_config, context)
    return objective


def refuse_early(
    planned: PlannedRun, known: Outline, processes: ProcessGroup = SINGLE_PROCESS
) -> None:
    """Refuse what `open_session` would, as far as the options and the listing of the data tell.

    Raises:
        CapabilityError, UsageError: As `open_session`.
    """
    config = planned.plan.training
    if known.most is not None:
        check_batch(config, known.most, processes)
    Task.build(planned, known.spec, known.most or config.batch_size).fresh_parts()


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
