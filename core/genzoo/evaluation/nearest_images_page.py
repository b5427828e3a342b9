"""A page of samples, each beside the training images nearest to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo.evaluation.subject import Subject
from genzoo.media.save_samples import save_samples

NEIGHBOURS = 3
GROUPS = 3
"""Samples with their neighbours in a row."""

ROWS = 8

BLOCK = 1024
"""Samples whose distances to twice as many of the data are held at once."""

SPARE = 5
"""Candidates beyond those asked for, among which rounding may choose wrongly."""


def save_pictures(subject: Subject, path: Path) -> Path:
    """Write the page: samples, the most suspicious first, each before its nearest training images.

    Suspicious are those whose nearest image is much nearer than the next; neighbours are those of
    the feature space.

    Raises:
        StorageError: The file cannot be written.
        UsageError: The file's ending is not known.
    """
    distances, index = _nearest(subject.fake, subject.real, NEIGHBOURS)
    ratios = distances[:, 0] / distances[:, 1].clip(1e-12)
    chosen = ratios.argsort(kind="stable")[: GROUPS * ROWS]
    spec, rows = subject.model.sample_spec, []
    for number in chosen.tolist():
        images, _ = subject.data.batch(subject.order[index[number]], spec)
        rows += [subject.samples(number, 1).cpu(), images]
    columns = GROUPS * (1 + NEIGHBOURS)
    save_samples(torch.cat(rows), subject.data.kind, spec, path, columns)
    return path


def _nearest(
    samples: NDArray[np.float32], data: NDArray[np.float32], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distances to the nearest rows of the data and their numbers, ascending, each (N, count)."""
    found = [_nearest_of_block(block, data, count) for block in _blocks(samples, BLOCK)]
    distances, index = (torch.cat(parts).numpy() for parts in zip(*found, strict=True))
    return distances, index


def _nearest_of_block(rows: Tensor, data: NDArray[np.float32], count: int) -> tuple[Tensor, Tensor]:
    wanted = min(count + SPARE, len(data))
    distances, numbers, first = [], [], 0
    for others in _blocks(data, 2 * BLOCK):
        near = torch.cdist(rows, others).topk(min(wanted, len(others)), largest=False)
        distances.append(near.values)
        numbers.append(near.indices + first)
        first += len(others)
    order = torch.cat(distances, 1).topk(wanted, largest=False).indices
    index = torch.cat(numbers, 1).gather(1, order)
    # Computed anew from the differences, so that a copy is at distance zero.
    candidates = torch.from_numpy(data[index.numpy()]).double()
    exact = (rows.unsqueeze(1) - candidates).square().sum(2).sqrt()
    best = exact.topk(count, largest=False)
    return best.values, index.gather(1, best.indices)


def _blocks(features: NDArray[np.float32], rows: int) -> Iterator[Tensor]:
    for first in range(0, len(features), rows):
        yield torch.from_numpy(np.array(features[first : first + rows])).double()
