"""Networks applied to many rows, a batch at a time, in evaluation mode."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

import torch
from torch import Tensor, nn

from genzoo.errors import UsageError

Run: TypeAlias = Callable[[Tensor, Tensor | None], Tensor]
"""Rows (n, ...) and labels (n,) or None to as many results."""

T = TypeVar("T", bound=nn.Module)


def in_batches(
    run: Run, rows: Tensor, labels: Tensor | None, size: int, module: nn.Module
) -> Tensor:
    """`run` of the rows (N, ...), `size` at once, where the tensors of `module` are.

    They are given in the type of its weights, such as float16 after `module.half()`. What comes of
    half precision is float32; a model in float64 gives float64.

    Raises:
        UsageError: The size is below 1.
    """
    like = _first_floating(module)
    if not rows.is_floating_point():
        like = torch.empty(0, dtype=rows.dtype, device=like.device)
    results = []
    for index in slices(len(rows), size):
        classes = None if labels is None else labels[index]
        results.append(run(rows[index].to(like), classes))
    made = torch.cat(results)
    return at_least_float32(made) if made.is_floating_point() else made


def at_least_float32(x: Tensor) -> Tensor:
    """Numbers in float32 where they are in half precision, else as they are."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def in_float32(module: T) -> T:
    """`module`, or a copy of it in float32 where its tensors are of another type."""
    if _first_floating(module).dtype == torch.float32:
        return module
    return copy.deepcopy(module).float()


def _first_floating(module: nn.Module) -> Tensor:
    """A tensor of the type and on the device of the module's."""
    tensors = (*module.parameters(), *module.buffers())
    floating = (tensor for tensor in tensors if tensor.is_floating_point())
    device = tensors[0].device if tensors else torch.device("cpu")
    return next(floating, torch.empty(0, dtype=torch.float32, device=device))


def slices(count: int, size: int) -> Iterator[slice]:
    """`count` rows in slices of `size`.

    Raises:
        UsageError: The size is below 1.
    """
    if size < 1:
        raise UsageError(f"The batch size must be at least 1, not {size}.")
    return (slice(first, first + size) for first in range(0, count, size))


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode for the length of a block, so that no batch statistics are used or moved."""
    training = [child for child in module.modules() if child.training]
    for child in training:
        child.training = False
    try:
        yield
    finally:
        for child in training:
            child.training = True
