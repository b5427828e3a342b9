"""Samples made and written batch by batch, by one process or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo.distributed.divided_work import drain, in_order, own_batches
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.interfaces.kind import Kind
from genzoo.media.save_samples import (
    check_path,
    is_archive,
    is_folder,
    save_samples,
    write_archive,
)
from genzoo.specs import SampleSpec

Draw = Callable[[range], Tensor]
"""Makes the samples of those numbers, (n, *sample shape)."""


def save_drawn(
    draw: Draw,
    count: int,
    kind: Kind,
    spec: SampleSpec,
    path: Path,
    batch_size: int,
    processes: ProcessGroup = SINGLE_PROCESS,
) -> None:
    """Make `count` samples and write what `save_samples` would write of all of them.

    A folder and an .npz are written while samples are made, so that memory holds a few batches
    only. Every process writes its own files of a folder; what is one file, rank 0 writes.

    Args:
        draw: Makes samples; called for this process's batches.
        count: How many in all.
        kind: What they are.
        spec: Their contract.
        path: As for `save_samples`.
        batch_size: How many at once.
        processes: The processes, which all call this.

    Raises:
        GenzooError: As `save_samples`.
        ProcessGroupError: Another process has ended.
    """
    check_path(kind, path)
    if is_folder(path):
        for numbers in own_batches(processes, count, batch_size):
            save_samples(draw(numbers), kind, spec, path, first=numbers.start)
    elif is_archive(path):
        pieces = in_order(
            processes, lambda numbers: kind.rows(draw(numbers), spec), count, batch_size
        )
        if processes.is_main:
            write_archive(path, kind.array, count, pieces)
        else:
            drain(pieces)
    else:
        _save_file(draw, count, kind, spec, path, batch_size, processes)
    processes.barrier()


def _save_file(
    draw: Draw,
    count: int,
    kind: Kind,
    spec: SampleSpec,
    path: Path,
    batch_size: int,
    processes: ProcessGroup,
) -> None:
    def values(numbers: range) -> NDArray[Any]:
        x = draw(numbers).cpu()
        # numpy knows no bfloat16.
        return (x.float() if x.is_floating_point() else x).numpy()

    pieces: Iterator[NDArray[Any]] = in_order(processes, values, count, batch_size)
    if processes.is_main:
        whole = torch.cat([torch.from_numpy(piece) for piece in pieces])
        save_samples(whole, kind, spec, path)
    else:
        drain(pieces)
