"""The exponential moving average of the weights: what is sampled and published."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from genzoo.training.fsdp_tensors import NetworkState, local_shard


class ExponentialMovingAverage:
    """Follows a network with a smoothed copy.

    Parameters are averaged and buffers copied. Early on the average is short, so that it does not
    carry the initial weights: the decay at step t is min(decay, (1 + t) / (10 + t)).

    Args:
        source: The network in training.
        decay: Share of the old average that each update keeps; 0 copies.
        module: The smoothed copy to go on with; by default a new one.
    """

    def __init__(self, source: nn.Module, decay: float, module: nn.Module | None = None) -> None:
        self.decay = decay
        self.module = fresh_average(source) if module is None else module
        self._from = _tensors(source)
        self._to = _tensors(self.module)

    def update(self, step: int) -> None:
        """Take in the weights after training step `step`, counted from 0."""
        weight = 1.0 - min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._to[0], self._from[0], weight)
        for target, source in zip(self._to[1], self._from[1], strict=True):
            target.copy_(source)

    def state_dict(self) -> dict[str, Tensor]:
        """The average, in the same memory."""
        return self.module.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state_dict` returned.

        Raises:
            RuntimeError: Names or shapes differ.
        """
        NetworkState(self.module).load_state_dict(state)


def fresh_average(source: nn.Module) -> nn.Module:
    """A copy of a network to keep its average in."""
    return copy.deepcopy(source).requires_grad_(False).eval()


def _tensors(module: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """What this process has of parameters and buffers, cut off from gradients.

    No context has to be entered at each step then.
    """
    parameters, buffers = module.parameters(), module.buffers()
    return [local_shard(p.detach()) for p in parameters], [b.detach() for b in buffers]
