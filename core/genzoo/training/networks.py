"""The networks of a run: put on the device, averaged, sharded and compiled as its options say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genzoo.distributed.process_group import ProcessGroup
from genzoo.distributed.sync_batch_norm import synced
from genzoo.fast_convolutions.swap_layers import use_fast_convolutions
from genzoo.quantisers.quantiser import Quantiser
from genzoo.training.built_task import Task
from genzoo.training.data_parallel import share_weights
from genzoo.training.ema import ExponentialMovingAverage, fresh_average
from genzoo.training.fsdp_tensors import NetworkState
from genzoo.training.hardware import compile_networks
from genzoo.training.training_config import TrainingConfig


@dataclass(frozen=True)
class Networks:
    """What is trained, and the average of what is published.

    Attributes:
        parts: Networks in training by name.
        ema: The average of those that are published.
        sharded: Whether parameters are spread over the processes.
        leaves: From parameters to the tensors that stand for them in a loss just computed.
    """

    parts: Mapping[str, nn.Module]
    ema: ExponentialMovingAverage
    sharded: bool
    leaves: Callable[[list[Tensor]], list[Tensor]]

    @classmethod
    def build(cls, task: Task, device: torch.device, processes: ProcessGroup) -> Networks:
        """Networks on `device`, freshly initialised from the seed of the task's plan.

        Raises:
            CapabilityError: They cannot be trained as the plan says.
            UsageError: torch.compile does not work here.
        """
        config = task.plan.training
        # A process alone has nobody to share its parameters with.
        sharded = config.shard and processes.size > 1
        # Parameters that are to be sharded wait on the CPU, where there is room for all of them.
        place = torch.device("cpu") if sharded else device
        parts = _placed(task.fresh_parts(), config, place, processes)
        published = nn.ModuleDict({name: parts[name] for name in task.entry.record.inference})
        average = fresh_average(published)
        leaves = _shard(task, parts, average, published, device, processes) if sharded else list
        if config.compile:
            compile_networks(parts.values(), device)
        ema = ExponentialMovingAverage(published, config.ema, average)
        return cls(parts, ema, sharded, leaves)

    def components(self) -> dict[str, NetworkState]:
        """The networks in training by the names that checkpoints know them by."""
        return {f"part.{name}": NetworkState(part) for name, part in self.parts.items()}


def _placed(
    parts: Mapping[str, nn.Module],
    config: TrainingConfig,
    device: torch.device,
    processes: ProcessGroup,
) -> dict[str, nn.Module]:
    """The parts in training mode on `device`, with the same weights in all processes."""
    placed = dict(parts)
    if config.sync_batch_norm and processes.size > 1:
        placed = {name: synced(part, processes) for name, part in parts.items()}
    for part in placed.values():
        for layer in part.modules():
            if isinstance(layer, Quantiser):
                layer.processes = processes
        if config.fast_convolutions and not config.deterministic:
            use_fast_convolutions(part)
        part.to(device).to(memory_format=torch.channels_last).train()
    # The seed makes them equal on machines of one kind; others may round differently.
    share_weights(processes, placed.values())
    return placed


def _shard(
    task: Task,
    parts: Mapping[str, nn.Module],
    average: nn.Module,
    published: nn.Module,
    device: torch.device,
    processes: ProcessGroup,
) -> Callable[[list[Tensor]], list[Tensor]]:
    # It takes long to import.
    from genzoo.training.fsdp import Sharding, check_can_shard

    check_can_shard(task.phases)
    sharding = Sharding(processes, device)
    for part in parts.values():
        sharding.shard(part)
    sharding.shard_average(average, published)
    return sharding.leaves
