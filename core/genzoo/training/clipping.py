"""Holds the gradient of a move to a greatest norm."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from genzoo.errors import DivergenceError
from genzoo.training.fsdp_tensors import own_share, whole_weights


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
    gradients = [p.grad for p in parameters if p.grad is not None]
    norms = [whole_weights(torch.linalg.vector_norm(gradient)) for gradient in gradients]
    norm = torch.linalg.vector_norm(torch.stack(norms))
    if not bool(torch.isfinite(norm)):
        raise DivergenceError(
            f"Training diverged at step {index}: the gradient of phase '{phase}' is no longer "
            "finite. The weights are those of before the move.",
            "Start again with a lower --learning-rate.",
        )
    if norm > limit:
        torch._foreach_mul_([own_share(gradient) for gradient in gradients], limit / float(norm))
    return norm
