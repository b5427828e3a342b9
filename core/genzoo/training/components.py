"""What a run holds: components that are built from its plan, saved and restored by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from genzoo.data.batch_stream import BatchStream
from genzoo.data.dataset import Dataset
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.errors import CheckpointError
from genzoo.interfaces.feature_network import FeatureNetwork
from genzoo.model.model import Model
from genzoo.plugin_safety.plugin_errors import one_line
from genzoo.training.built_task import Task
from genzoo.training.checkpoint import Checkpoint, Component
from genzoo.training.ema import ExponentialMovingAverage
from genzoo.training.frozen_networks import FrozenNetworks, place
from genzoo.training.fsdp_tensors import FullTensors, full_copy
from genzoo.training.hardware import as_written, choose_device, choose_precision
from genzoo.training.learning_rate_schedule import Schedule
from genzoo.training.networks import Networks
from genzoo.training.optimizers import OptimizerState, build_optimizers
from genzoo.training.phase_runner import PhaseEngine, bfloat16_autocast
from genzoo.training.planned_run import PlannedRun, check_batch
from genzoo.training.training_config import TrainingConfig


@dataclass
class Position:
    """How far a run is.

    Random streams and the order of the data are functions of the seed and of this, so it is all
    of their state.

    Attributes:
        step: Training steps complete.
        drawn: Samples drawn from the data.
    """

    step: int = 0
    drawn: int = 0


@dataclass
class Session:
    """A run in memory.

    Attributes:
        task: What is learnt.
        dataset: From what.
        processes: The processes that train together.
        device: Where this one computes.
        precision: In what: `fp32` or `bf16`.
        networks: What is trained, and its average.
        optimizers: One for each part that some phase trains.
        engine: Takes the steps.
        position: How far it is.
    """

    task: Task
    dataset: Dataset
    processes: ProcessGroup
    device: torch.device
    precision: str
    networks: Networks
    optimizers: Mapping[str, Optimizer]
    engine: PhaseEngine
    position: Position = field(default_factory=Position)
    _full_average: nn.Module | None = None

    def __post_init__(self) -> None:
        task, config = self.task, self.config
        place(self.frozen, self.device)
        self.prior = task.architecture.prior().to(self.device)
        self.schedule = Schedule(config, task.objective, task.phases, self.optimizers)
        self.stream = BatchStream(len(self.dataset), config.seed, self.dataset.blocks)

    @property
    def config(self) -> TrainingConfig:
        """How it is trained."""
        return self.task.plan.training

    @property
    def parts(self) -> Mapping[str, nn.Module]:
        """Networks in training by name."""
        return self.networks.parts

    @cached_property
    def frozen(self) -> Mapping[str, FeatureNetwork]:
        """Networks that the objective looks through, and nobody trains."""
        return self.task.objective.frozen()

    @property
    def ema(self) -> ExponentialMovingAverage:
        """The average of the networks that are published."""
        return self.networks.ema

    @property
    def components(self) -> dict[str, Component]:
        """What has a state, by the names of the files that a checkpoint keeps it in."""
        return {
            **self.networks.components(),
            "ema": self.ema,
            **{
                f"optimizer.{name}": OptimizerState(optimizer, self.parts[name])
                for name, optimizer in self.optimizers.items()
            },
            "objective": self.task.objective,
            "frozen": FrozenNetworks(self.frozen),
            "meter": self.engine.meter,
        }

    @property
    def model(self) -> Model:
        """The averaged weights as a model. Shares memory with the average.

        In a sharded session rank 0 alone has it, and within `full_weights` only.
        """
        average = self.ema.module if self._full_average is None else self._full_average
        entry = self.task.entry
        parts = {name: average.get_submodule(name) for name in entry.record.inference}
        model = Model(
            entry.full_name,
            self.task.architecture,
            parts,
            kind=self.dataset.content.kind,
            through=self.dataset.through,
        )
        model.feature_networks = tuple((one.full_name, one.hash) for one in self.frozen.values())
        return model.to(self.device)

    @contextmanager
    def full_weights(self) -> Iterator[None]:
        """Within it rank 0 has all of the averaged weights. Every process must enter it."""
        if self.networks.sharded:
            self._full_average = full_copy(self.ema.module, self.processes)
        try:
            yield
        finally:
            self._full_average = None


def open_session(
    planned: PlannedRun, dataset: Dataset, processes: ProcessGroup = SINGLE_PROCESS
) -> Session:
    """Build all that a planned run on `dataset` holds, freshly initialised from its seed.

    Raises:
        CapabilityError: Priors are to be fitted, and no part maps samples to latents.
        UsageError: Names, options or sizes that do not fit together.
    """
    config = planned.plan.training
    check_batch(config, len(dataset), processes)
    device = choose_device(processes.device(config.device))
    precision = choose_precision(config.precision, device)
    task = Task.build(planned, dataset.spec, len(dataset))
    networks = Networks.build(task, device, processes)
    optimizers = build_optimizers(task.objective, task.phases, networks.parts)
    engine = PhaseEngine(
        task.phases,
        networks.parts,
        optimizers,
        autocast=bfloat16_autocast(device) if precision == "bf16" else nullcontext,
        processes=processes,
        as_written=as_written if config.compile else nullcontext,
        clip_gradient=config.clip_gradient,
        leaves=networks.leaves,
    )
    return Session(task, dataset, processes, device, precision, networks, optimizers, engine)


def states(components: Mapping[str, Component]) -> dict[str, Mapping[str, Tensor]]:
    """What this process has of their state, by name; components without any are left out."""
    found = {name: component.state_dict() for name, component in components.items()}
    return {name: state for name, state in found.items() if state}


def session_tensors(session: Session) -> Mapping[str, Mapping[str, Tensor]]:
    """All state of the session by component: what a checkpoint holds beside its position.

    That of a sharded session is `FullTensors`, which all processes have to go through.
    """
    held = states(session.components)
    return FullTensors(held, session.processes) if session.networks.sharded else held


def restore_session(session: Session, checkpoint: Checkpoint) -> None:
    """Put a checkpoint's state into a freshly opened session.

    Raises:
        CheckpointError: It belongs to other networks. The session is then to be filled by another.
    """
    try:
        for name, component in session.components.items():
            component.load_state_dict(checkpoint.tensors.get(name, {}))
    except (MemoryError, CheckpointError):
        raise
    except Exception as error:
        # An objective's own code may fail in any way over a state that is not its.
        raise CheckpointError(
            f"The checkpoint of step {checkpoint.step} is of other networks: {one_line(error)}."
        ) from error
    session.position = Position(checkpoint.step, checkpoint.drawn)
