"""One Adam for each part, and its state as plain tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, Optimizer

from genzoo.errors import CheckpointError
from genzoo.interfaces.objective import Objective, OptimizerSettings, Phase
from genzoo.training.fsdp_tensors import is_sharded, shard_like

_COUNT = "step"
_QUANTITIES = {_COUNT, "exp_avg", "exp_avg_sq"}
"""What Adam keeps of each parameter: its moves so far, and the two moments."""


def build_optimizers(
    objective: Objective, phases: Sequence[Phase], parts: Mapping[str, nn.Module]
) -> dict[str, Optimizer]:
    """An optimiser for each part that a phase trains, corrected for lazy phases."""
    trained = {part: None for phase in phases for part in phase.trains}
    return {
        part: _adam(parts[part], corrected(objective.optimizer(part), part, phases))
        for part in trained
    }


def lazy_ratio(part: str, phases: Sequence[Phase]) -> float:
    """Main moves as a share of all moves of `part`.

    A regulariser that moves a part by itself on every k-th step adds moves; learning rate and
    betas are raised to this power to make up for it: k / (k + 1) beside one main phase (Karras et
    al. 2020, appendix B). A phase without an optimiser step moves nothing by itself.
    """
    rates = [
        phase.repeat / phase.every
        for phase in phases
        if phase.optimizer_step and part in phase.trains
    ]
    return max(rates) / sum(rates) if rates else 1.0


def corrected(settings: OptimizerSettings, part: str, phases: Sequence[Phase]) -> OptimizerSettings:
    """Settings of `part` with the learning rate and betas made up for its lazy phases."""
    ratio = lazy_ratio(part, phases)
    first, second = settings.betas
    return OptimizerSettings(
        learning_rate=settings.learning_rate * ratio,
        betas=(first**ratio, second**ratio),
        weight_decay=settings.weight_decay,
    )


def _adam(part: nn.Module, settings: OptimizerSettings) -> Optimizer:
    parameters = [p for p in part.parameters() if p.requires_grad]
    kind = AdamW if settings.weight_decay else Adam
    return kind(
        _groups(parameters),
        lr=settings.learning_rate,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        fused=parameters[0].device.type in ("cpu", "cuda"),
    )


def _groups(parameters: Sequence[Tensor]) -> list[dict[str, Any]]:
    """Sharded parameters and full ones apart: one kernel takes only the one or the other."""
    sharded = [p for p in parameters if is_sharded(p)]
    full = [p for p in parameters if not is_sharded(p)]
    return [{"params": group} for group in (sharded, full) if group]


class OptimizerState:
    """An optimiser as a component of a run: what Adam keeps, by `parameter/quantity`.

    Args:
        optimizer: The optimiser.
        part: The network whose parameters it moves.
    """

    def __init__(self, optimizer: Optimizer, part: nn.Module) -> None:
        self._optimizer = optimizer
        self._part = part

    def state_dict(self) -> dict[str, Tensor]:
        """What this process has of it, in the same memory."""
        names: dict[Tensor, str] = {
            parameter: name for name, parameter in self._part.named_parameters()
        }
        return {
            f"{names[parameter]}/{quantity}": value
            for parameter, state in self._optimizer.state.items()
            for quantity, value in state.items()
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state_dict` returned.

        Raises:
            CheckpointError: A name belongs to no parameter of the part, or a tensor does not fit.
        """
        parameters = dict(self._part.named_parameters())
        self._optimizer.state.clear()
        for key, value in state.items():
            name, _, quantity = key.rpartition("/")
            if name not in parameters or quantity not in _QUANTITIES:
                raise CheckpointError(f"The optimiser state names '{key}', which the model lacks.")
            parameter = parameters[name]
            self._optimizer.state[parameter][quantity] = _fitted(key, value, parameter)
        if any(set(kept) != _QUANTITIES for kept in self._optimizer.state.values()):
            raise CheckpointError("The optimiser state is not whole.")


def _fitted(key: str, value: Tensor, parameter: Tensor) -> Tensor:
    """A quantity in the memory format, on the device and with the shard of its parameter."""
    if value.shape != (() if key.endswith(f"/{_COUNT}") else parameter.shape):
        raise CheckpointError(f"The optimiser state '{key}' is of another shape.")
    if not value.is_floating_point():
        raise CheckpointError(f"The optimiser state '{key}' is of another type.")
    if value.dim() == parameter.dim() and value.dim() > 0:
        return torch.empty_like(parameter).copy_(shard_like(value, parameter))
    return value
