"""Runs the phases of an objective. Knows no family: GAN, VAE and anything else go through here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.errors import DivergenceError, PluginError
from genzoo.fast_convolutions.shared_weights import transform_weights_once
from genzoo.interfaces.objective import Phase, Term, Terms
from genzoo.interfaces.training_step import Step
from genzoo.training.data_parallel import average_gradients
from genzoo.training.fsdp_tensors import full_tensor, local_shard
from genzoo.training.loss_meter import Meter

DrawSteps = Callable[[], Sequence[Step]]
"""Gives the micro-batches of one move: as many steps as gradients are accumulated over."""


class PhaseEngine:
    """Takes one training step after another.

    Players are isolated by construction: the backward pass of a phase computes gradients for that
    phase's parameters and for nothing else, so no other player's `.grad` can change.

    Args:
        phases: The moves of one step, in order.
        parts: Networks by name.
        optimizers: One for each part that some phase trains.
        autocast: Makes the context that first-order phases run in.
        processes: The processes that each compute a share of every batch.
        as_written: Makes the context that second-order phases run in.
        clip_gradient: Greatest norm of the gradient of a move; None for any.
        leaves: From parameters to the tensors that stand for them in a loss just computed.
    """

    def __init__(
        self,
        phases: Sequence[Phase],
        parts: Mapping[str, nn.Module],
        optimizers: Mapping[str, Optimizer],
        autocast: Callable[[], AbstractContextManager[None]] = nullcontext,
        processes: ProcessGroup = SINGLE_PROCESS,
        as_written: Callable[[], AbstractContextManager[None]] = nullcontext,
        clip_gradient: float | None = None,
        leaves: Callable[[list[Tensor]], list[Tensor]] = list,
    ) -> None:
        self.phases = tuple(phases)
        check_phases(self.phases, parts)
        self._optimizers = optimizers
        self._autocast = autocast
        self._as_written = as_written
        self._processes = processes
        self._clip_gradient = clip_gradient
        self._leaves = leaves
        self._parameters = {phase.name: _trained(phase, parts) for phase in self.phases}
        self.meter = Meter(self._parameters[self.phases[0].name][0].device)
        self._keys: dict[str, set[str]] = {}
        self._pending: list[str] = []

    def run(self, index: int, draw: DrawSteps) -> None:
        """Take training step `index`: every phase that is due, in order."""
        shared = draw()
        due = [phase for phase in self.phases if index % phase.every == 0 and phase.when(index)]
        for place, phase in enumerate(due):
            for repeat in range(phase.repeat):
                steps = draw() if phase.fresh or repeat else shared
                self._accumulate(phase, steps, due[place + 1 :])
                if phase.optimizer_step:
                    self._move(phase, index)
        if due:
            self._move(due[-1], index)

    def _accumulate(self, phase: Phase, steps: Sequence[Step], later: Sequence[Phase]) -> None:
        parameters = self._parameters[phase.name]
        for step in steps:
            step.used.clear()
            context = self._as_written() if phase.second_order else self._autocast()
            with context, transform_weights_once():
                terms = phase.loss(step)
            loss = self._reduce(phase, terms, step)
            if len(steps) > 1 or phase.every > 1:
                loss = loss * (phase.every / len(steps))
            retain = self._shared_later(phase, step, later)
            loss.backward(inputs=self._leaves(parameters), retain_graph=retain)
        self._pending += [part for part in phase.trains if part not in self._pending]

    def _reduce(self, phase: Phase, terms: Terms, step: Step) -> Tensor:
        loss: Tensor | None = None
        for name, term in terms.items():
            value, weight = (term.value, term.weight) if isinstance(term, Term) else (term, 1.0)
            if value.dim() != 1:
                raise PluginError(
                    f"Term '{name}' of phase '{phase.name}' has shape {tuple(value.shape)}.",
                    "A loss returns one value per sample, (N,): the trainer takes the mean.",
                )
            mean = value.float().mean()
            self.meter.add(f"{phase.name}/{name}", mean)
            self.meter.losses.add(f"{phase.name}/{name}")
            part = mean if weight == 1.0 else mean * weight
            loss = part if loss is None else loss + part
        for name, value in step.reported.items():
            self.meter.add(f"{phase.name}/{name}", value)
        step.reported.clear()
        if loss is None:
            raise PluginError(f"Phase '{phase.name}' returned no terms.")
        return loss

    def _shared_later(self, phase: Phase, step: Step, later: Sequence[Phase]) -> bool:
        """Whether a later phase of this step may need this phase's graph again."""
        self._keys.setdefault(phase.name, set()).update(step.used)
        return bool(step.used) and any(
            other.name not in self._keys or self._keys[other.name] & step.used for other in later
        )

    def _move(self, phase: Phase, index: int) -> None:
        average_gradients(self._processes, [self._optimizers[part] for part in self._pending])
        if self._clip_gradient is not None and self._pending:
            moving = self._pending_parameters()
            norm = clip_gradients(moving, self._clip_gradient, phase.name, index)
            self.meter.add(f"{phase.name}/gradient_norm", norm)
        for part in self._pending:
            optimizer = self._optimizers[part]
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self._pending.clear()

    def _pending_parameters(self) -> list[Tensor]:
        optimizers = (self._optimizers[part] for part in self._pending)
        groups = (group for optimizer in optimizers for group in optimizer.param_groups)
        return [parameter for group in groups for parameter in group["params"]]


def check_phases(phases: Sequence[Phase], parts: Mapping[str, nn.Module]) -> None:
    """Refuse phases that make no sense for these parts.

    Raises:
        PluginError: No phases, repeated names, or a part that does not exist.
    """
    names = [phase.name for phase in phases]
    if not names or len(set(names)) != len(names):
        raise PluginError(f"Phases need names, each its own: {names}.")
    for phase in phases:
        missing = [part for part in phase.trains if part not in parts]
        if missing or not phase.trains:
            raise PluginError(f"Phase '{phase.name}' trains {missing or 'nothing'}: no such part.")
        if phase.every < 1 or phase.repeat < 1:
            raise PluginError(f"Phase '{phase.name}' needs every >= 1 and repeat >= 1.")


def _trained(phase: Phase, parts: Mapping[str, nn.Module]) -> list[Tensor]:
    parameters: list[Tensor] = [
        p for part in phase.trains for p in parts[part].parameters() if p.requires_grad
    ]
    if not parameters:
        raise PluginError(f"Phase '{phase.name}' has no parameters to train.")
    return parameters


def clip_gradients(parameters: Sequence[Tensor], limit: float, phase: str, index: int) -> Tensor:
    """Scale gradients in place so that their common norm is at most `limit`.

    They are one vector: that of all parts that move together (Pascanu et al. 2013, algorithm 1).

    Args:
        parameters: All that move.
        limit: Greatest Euclidean norm.
        phase: Whose move it is.
        index: The training step.

    Returns:
        The norm before, ().

    Raises:
        DivergenceError: The norm is not finite, so the scaled gradient would not be either.
    """
    gradients = [p.grad for p in parameters if p.grad is not None]
    norms = [full_tensor(torch.linalg.vector_norm(gradient)) for gradient in gradients]
    norm = torch.linalg.vector_norm(torch.stack(norms))
    if not bool(torch.isfinite(norm)):
        raise DivergenceError(
            f"Training diverged at step {index}: the gradient of phase '{phase}' is no longer "
            "finite. The weights are those of before the move.",
            "Start again with a lower --learning-rate.",
        )
    if norm > limit:
        torch._foreach_mul_([local_shard(gradient) for gradient in gradients], limit / float(norm))
    return norm


def bfloat16_autocast(device: torch.device) -> Callable[[], AbstractContextManager[None]]:
    """Makes contexts that compute matrix products and convolutions in bfloat16."""
    return lambda: torch.autocast(device.type, dtype=torch.bfloat16)
