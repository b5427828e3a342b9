"""Everything live in a run, put together from its plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from genzoo.data.batch_stream import BatchStream
from genzoo.data.dataset import Dataset
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.distributed.sync_batch_norm import synced
from genzoo.errors import CheckpointError
from genzoo.fast_convolutions.swap_layers import use_fast_convolutions
from genzoo.interfaces.architecture import Architecture
from genzoo.interfaces.objective import Objective, Phase
from genzoo.interfaces.prior import Prior
from genzoo.model.build import build_architecture
from genzoo.model.model import Model
from genzoo.plugin_errors import one_line
from genzoo.records import ArchitectureSpec, ObjectiveSpec
from genzoo.registry import Entry, Registry
from genzoo.training.checkpoint import Checkpoint
from genzoo.training.compilation import as_written, compile_networks
from genzoo.training.ema import ExponentialMovingAverage, fresh_average
from genzoo.training.fsdp_tensors import WholeTensors, load_whole, whole_copy
from genzoo.training.hardware import choose_device, choose_precision
from genzoo.training.optimizers import build_optimizers, optimizer_tensors, restore_optimizer
from genzoo.training.phase_runner import PhaseEngine, bfloat16_autocast
from genzoo.training.refusals import (
    build_objective,
    check_batch,
    check_parts,
    fresh_parts,
    objective_entry,
)
from genzoo.training.replicas import share_weights
from genzoo.training.schedule import Schedule
from genzoo.training.training_config import RunPlan, TrainingConfig


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
    schedule: Schedule
    engine: PhaseEngine
    ema: ExponentialMovingAverage
    dataset: Dataset
    stream: BatchStream
    device: torch.device
    precision: str
    processes: ProcessGroup = SINGLE_PROCESS
    whole_average: nn.Module | None = None

    @property
    def sharded(self) -> bool:
        """Whether parameters are spread over the processes."""
        return is_sharded(self.config, self.processes)

    @property
    def model(self) -> Model:
        """The averaged weights as a model. Shares memory with the average.

        In a sharded session rank 0 alone has it, and within `whole_weights` only.
        """
        average = self.ema.module if self.whole_average is None else self.whole_average
        parts = {name: average.get_submodule(name) for name in self.entry.record.inference}
        model = Model(self.entry.full_name, self.architecture, parts, kind=self.dataset.kind)
        return model.to(self.device)

    @contextmanager
    def whole_weights(self) -> Iterator[None]:
        """Within it rank 0 has the averaged weights whole. Every process must enter it."""
        if self.sharded:
            self.whole_average = whole_copy(self.ema.module, self.processes)
        try:
            yield
        finally:
            self.whole_average = None


def open_session(
    plan: RunPlan, dataset: Dataset, registry: Registry, processes: ProcessGroup = SINGLE_PROCESS
) -> Session:
    """Build networks, objective and optimisers, freshly initialised from the plan's seed.

    Args:
        plan: What to train.
        dataset: What on.
        registry: Where names are looked up.
        processes: The processes that train it together.

    Raises:
        CapabilityError: Priors are to be fitted, and no part maps samples to latents.
        UsageError: Names, options or sizes that do not fit together.
    """
    config = plan.training
    check_batch(config, len(dataset), processes)
    device = choose_device(processes.device(config.device))
    entry, architecture = build_architecture(
        registry, plan.architecture, plan.architecture_config, dataset.spec
    )
    goal = objective_entry(plan, registry, entry)
    objective = build_objective(plan, goal.record, architecture, len(dataset))
    sharded = is_sharded(config, processes)
    # Parameters that are to be sharded wait on the CPU, where there is room for all of them.
    place = torch.device("cpu") if sharded else device
    parts = _parts(architecture, objective, config, place, processes)
    check_parts(entry, objective, parts)
    inference = nn.ModuleDict({name: parts[name] for name in entry.record.inference})
    phases = objective.phases()
    average = fresh_average(inference)
    leaves = _shard(parts, average, inference, phases, device, processes) if sharded else list
    optimizers = build_optimizers(objective, phases, parts)
    precision = choose_precision(config.precision, device)
    autocast = bfloat16_autocast(device) if precision == "bf16" else nullcontext
    if config.compile:
        compile_networks(parts.values(), device)
    return Session(
        config=config,
        registry=registry,
        kind=plan.data.kind,
        entry=entry,
        objective_entry=goal,
        architecture=architecture,
        parts=parts,
        prior=architecture.prior().to(device),
        objective=objective,
        optimizers=optimizers,
        schedule=Schedule(config, objective, phases, optimizers),
        engine=PhaseEngine(
            phases,
            parts,
            optimizers,
            autocast,
            processes,
            as_written if config.compile else nullcontext,
            config.clip_gradient,
            leaves,
        ),
        ema=ExponentialMovingAverage(inference, config.ema, average),
        dataset=dataset,
        stream=BatchStream(len(dataset), config.seed, dataset.blocks),
        device=device,
        precision=precision,
        processes=processes,
    )


def is_sharded(config: TrainingConfig, processes: ProcessGroup) -> bool:
    """Whether a run spreads its parameters: a process alone has nobody to share them with."""
    return config.shard and processes.size > 1


def _shard(
    parts: Mapping[str, nn.Module],
    average: nn.Module,
    inference: nn.Module,
    phases: Sequence[Phase],
    device: torch.device,
    processes: ProcessGroup,
) -> Callable[[list[Tensor]], list[Tensor]]:
    # It takes long to import.
    from genzoo.training.fsdp import Sharding, check_can_shard

    check_can_shard(phases)
    sharding = Sharding(processes, device)
    for part in parts.values():
        sharding.shard(part)
    sharding.shard_average(average, inference)
    return sharding.leaves


def _parts(
    architecture: Architecture,
    objective: Objective,
    config: TrainingConfig,
    device: torch.device,
    processes: ProcessGroup,
) -> dict[str, nn.Module]:
    parts = fresh_parts(architecture, objective, config)
    if config.sync_batch_norm and processes.size > 1:
        parts = {name: synced(part, processes) for name, part in parts.items()}
    for part in parts.values():
        if config.fast_convolutions and not config.deterministic:
            use_fast_convolutions(part)
        part.to(device).to(memory_format=torch.channels_last).train()
    # The seed makes them equal on machines of one kind; others may round differently.
    share_weights(processes, parts.values())
    return parts


def part_tensors(session: Session) -> dict[str, dict[str, Tensor]]:
    """What this process has of weights and buffers of the networks in training, by group."""
    return {f"part.{name}": part.state_dict() for name, part in session.parts.items()}


def held_tensors(session: Session) -> dict[str, dict[str, Tensor]]:
    """What this process has of all state, by group, empty groups left out."""
    groups = part_tensors(session)
    groups["ema"] = session.ema.module.state_dict()
    for name, optimizer in session.optimizers.items():
        groups[f"optimizer.{name}"] = optimizer_tensors(optimizer, session.parts[name])
    groups["objective"] = session.objective.state_dict()
    groups["meter"] = session.engine.meter.state_dict()
    return {name: tensors for name, tensors in groups.items() if tensors}


def session_tensors(session: Session) -> Mapping[str, Mapping[str, Tensor]]:
    """All state of the session by group: what a checkpoint holds.

    That of a sharded session is `WholeTensors`, which all processes have to go through.
    """
    held = held_tensors(session)
    return WholeTensors(held, session.processes) if session.sharded else held


def restore_session(session: Session, checkpoint: Checkpoint) -> None:
    """Put a checkpoint's state into a freshly opened session.

    Raises:
        CheckpointError: It belongs to other networks. The session is then to be filled by another.
    """
    groups = checkpoint.tensors
    try:
        for name, part in session.parts.items():
            load_whole(part, groups[f"part.{name}"])
        load_whole(session.ema.module, groups["ema"])
        for name, optimizer in session.optimizers.items():
            state = groups.get(f"optimizer.{name}", {})
            restore_optimizer(optimizer, session.parts[name], state)
        session.objective.load_state_dict(groups.get("objective", {}))
        session.engine.meter.load_state_dict(groups.get("meter", {}), session.device)
    except (MemoryError, CheckpointError):
        raise
    except Exception as error:
        # An objective's own code may fail in any way over a state that is not its.
        raise CheckpointError(
            f"The checkpoint of step {checkpoint.step} is of other networks: {one_line(error)}."
        ) from error
