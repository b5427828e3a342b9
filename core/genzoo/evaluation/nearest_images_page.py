"""A page of samples, each beside the training images nearest to it."""

from __future__ import annotations

from pathlib import Path

import torch

from genzoo.evaluation.statistics.neighbours import nearest
from genzoo.evaluation.subject import Subject

NEIGHBOURS = 3
GROUPS = 3
"""Samples with their neighbours in a row."""

ROWS = 8


def save_pictures(subject: Subject, path: Path) -> Path:
    """Write the page: samples, the most suspicious first, each before its nearest training images.

    Suspicious are those whose nearest image is much nearer than the next; neighbours are those of
    the feature space.

    Raises:
        StorageError: The file cannot be written.
        UsageError: The file's ending is not known.
    """
    distances, index = nearest(subject.fake, subject.real, NEIGHBOURS)
    ratios = distances[:, 0] / distances[:, 1].clip(1e-12)
    chosen = ratios.argsort(kind="stable")[: GROUPS * ROWS]
    spec, rows = subject.model.sample_spec, []
    for number in chosen.tolist():
        images, _ = subject.data.batch(subject.order[index[number]], spec)
        rows += [subject.samples(number, 1).cpu(), images]
    subject.data.kind.save(torch.cat(rows), spec, path, GROUPS * (1 + NEIGHBOURS))
    return path
