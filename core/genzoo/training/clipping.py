"""Holds the gradient of a move to a greatest norm."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from genzoo.errors import DivergenceError


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
        DivergenceError: The norm is no finite number; scaled, the gradient would be none either.
    """
    norm = get_total_norm([p.grad for p in parameters if p.grad is not None])
    if not bool(torch.isfinite(norm)):
        raise DivergenceError(
            f"Training diverged at step {index}: the gradient of phase '{phase}' is no longer "
            "finite. The weights are those of before the move.",
            "Start again with a lower --learning-rate or with --precision fp32.",
        )
    clip_grads_with_norm_(list(parameters), limit, norm)
    return norm
