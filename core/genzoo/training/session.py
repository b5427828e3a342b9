"""Everything live in a run, put together from its plan."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from genzoo.data.batches import BatchStream
from genzoo.data.dataset import Dataset
from genzoo.errors import CapabilityError, CheckpointError, UsageError
from genzoo.interfaces.architecture import Architecture
from genzoo.interfaces.noise import derive_seed
from genzoo.interfaces.objective import Objective, TrainingContext
from genzoo.interfaces.prior import Prior
from genzoo.model.build import build_architecture
from genzoo.model.encoders import require_encoder
from genzoo.model.model import Model
from genzoo.records import ArchitectureSpec, ObjectiveSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import parse_config
from genzoo.training.batch_norm import synced
from genzoo.training.checkpoint import Checkpoint
from genzoo.training.config import RunPlan, TrainingConfig
from genzoo.training.ema import ExponentialMovingAverage
from genzoo.training.engine import PhaseEngine, bfloat16_autocast
from genzoo.training.hardware import choose_device, choose_precision
from genzoo.training.optimizers import build_optimizers, optimizer_tensors, restore_optimizer
from genzoo.training.replicas import share_weights
from genzoo.world import SOLO, World


@dataclass
class Session:
    """A run in memory.

    Attributes:
        kind: Full name of the kind of its samples; None to look it up.
    """

    config: TrainingConfig
    registry: Registry
    kind: str | None
    entry: Entry[ArchitectureSpec]
    objective_entry: Entry[ObjectiveSpec]
    architecture: Architecture
    parts: Mapping[str, nn.Module]
    prior: Prior
    objective: Objective
    optimizers: Mapping[str, Optimizer]
    engine: PhaseEngine
    ema: ExponentialMovingAverage
    dataset: Dataset
    stream: BatchStream
    device: torch.device
    precision: str
    world: World = SOLO

    @property
    def model(self) -> Model:
        """The averaged weights as a model. Shares memory with the average."""
        parts = {name: self.ema.module.get_submodule(name) for name in self.entry.record.inference}
        return Model(self.entry.full_name, self.architecture, parts).to(self.device)


def open_session(
    plan: RunPlan, dataset: Dataset, registry: Registry, world: World = SOLO
) -> Session:
    """Build networks, objective and optimisers, freshly initialised from the plan's seed.

    Args:
        plan: What to train.
        dataset: What on.
        registry: Where names are looked up.
        world: The processes that train it together.

    Raises:
        CapabilityError: Priors are to be fitted, and no part maps samples to latents.
        UsageError: Names, options or sizes that do not fit together.
    """
    config = plan.training
    if config.batch_size > len(dataset):
        raise UsageError(
            f"A batch of {config.batch_size} is larger than the data, which has {len(dataset)}.",
            f"Use --batch-size {_power_of_two_below(len(dataset))} or less.",
        )
    if config.batch_size % world.size:
        raise UsageError(
            f"A batch of {config.batch_size} does not divide among {world.size} processes.",
            f"Use a multiple of {world.size}: --batch-size counts the samples of all.",
        )
    device = choose_device(world.device(config.device))
    entry, architecture = build_architecture(
        registry, plan.architecture, plan.architecture_config, dataset.spec
    )
    objective_entry = (
        registry.objectives.find(plan.objective) if plan.objective else registry.objective_of(entry)
    )
    objective = _objective(plan, objective_entry.record, architecture, len(dataset))
    parts = _parts(architecture, objective, config, device, world)
    objective.check(parts)
    inference = nn.ModuleDict({name: parts[name] for name in entry.record.inference})
    if entry.record.priors:
        # They are fitted to latents of the data: better refused now than after the last step.
        require_encoder(inference.values(), entry.full_name)
    phases = objective.phases()
    optimizers = build_optimizers(objective, phases, parts)
    precision = choose_precision(config.precision, device)
    autocast = bfloat16_autocast(device) if precision == "bf16" else nullcontext
    return Session(
        config=config,
        registry=registry,
        kind=plan.data.kind,
        entry=entry,
        objective_entry=objective_entry,
        architecture=architecture,
        parts=parts,
        prior=architecture.prior().to(device),
        objective=objective,
        optimizers=optimizers,
        engine=PhaseEngine(phases, parts, optimizers, autocast, world),
        ema=ExponentialMovingAverage(inference, config.ema),
        dataset=dataset,
        stream=BatchStream(len(dataset), config.seed),
        device=device,
        precision=precision,
        world=world,
    )


def _power_of_two_below(count: int) -> int:
    return 1 << (count.bit_length() - 1)


def _objective(
    plan: RunPlan, record: ObjectiveSpec, architecture: Architecture, data_count: int
) -> Objective:
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


def _parts(
    architecture: Architecture,
    objective: Objective,
    config: TrainingConfig,
    device: torch.device,
    world: World,
) -> dict[str, nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive_seed(config.seed, "initialisation"))
        parts = {**architecture.build(), **objective.parts()}
    if config.sync_batch_norm and world.size > 1:
        parts = {name: synced(part, world) for name, part in parts.items()}
    for part in parts.values():
        part.to(device).to(memory_format=torch.channels_last).train()
    # The seed makes them equal on machines of one kind; others may round differently.
    share_weights(world, parts.values())
    return parts


def session_tensors(session: Session) -> dict[str, dict[str, Tensor]]:
    """All state of the session by group, empty groups left out: what a checkpoint holds."""
    groups = {f"part.{name}": part.state_dict() for name, part in session.parts.items()}
    groups["ema"] = session.ema.module.state_dict()
    for name, optimizer in session.optimizers.items():
        groups[f"optimizer.{name}"] = optimizer_tensors(optimizer, session.parts[name])
    groups["objective"] = session.objective.state_dict()
    return {name: tensors for name, tensors in groups.items() if tensors}


def restore_session(session: Session, checkpoint: Checkpoint) -> None:
    """Put a checkpoint's state into a freshly opened session.

    Raises:
        CheckpointError: It belongs to other networks.
    """
    groups = checkpoint.tensors
    try:
        for name, part in session.parts.items():
            part.load_state_dict(groups[f"part.{name}"])
        session.ema.module.load_state_dict(groups["ema"])
        for name, optimizer in session.optimizers.items():
            state = groups.get(f"optimizer.{name}", {})
            restore_optimizer(optimizer, session.parts[name], state)
        session.objective.load_state_dict(groups.get("objective", {}))
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"The checkpoint is of other networks: {error}.") from error
