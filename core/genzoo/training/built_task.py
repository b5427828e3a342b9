"""A planned run with its architecture and objective built for the samples of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import nn

from genzoo.interfaces.architecture import Architecture
from genzoo.interfaces.noise import derive_seed
from genzoo.interfaces.objective import Objective, Phase, TrainingContext
from genzoo.model.build import build_architecture
from genzoo.model.encoding import require_encoder
from genzoo.records import ArchitectureSpec, ObjectiveSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import SampleSpec
from genzoo.system.torch_globals import own_draws
from genzoo.training.planned_run import PlannedRun
from genzoo.training.training_config import RunPlan


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
    origin = planned.plan.origin
    context = TrainingContext(
        sample=architecture.sample,
        latent=architecture.latent,
        data_count=count,
        batch_size=planned.plan.training.batch_size,
        total_steps=planned.plan.training.steps,
        inherited=origin.parts if origin else (),
    )
    target = load_target(planned.objective.record.target)
    objective: Objective = target(planned.objective_config, context)
    return objective
