"""Networks applied to many rows, a batch at a time, in evaluation mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import Tensor, nn

from genzoo.errors import UsageError

Run: TypeAlias = Callable[[Tensor, Tensor | None], Tensor]
"""Rows (n, ...) and labels (n,) or None to as many results."""


def in_batches(
    run: Run, rows: Tensor, labels: Tensor | None, size: int, device: torch.device
) -> Tensor:
    """`run` of the rows (N, ...), `size` at once, on `device`.

    Raises:
        UsageError: The size is below 1.
    """
    results = []
    for index in slices(len(rows), size):
        classes = None if labels is None else labels[index]
        results.append(run(rows[index].to(device), classes))
    return torch.cat(results)


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
