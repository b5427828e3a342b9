"""What the averaged weights can do, from latents that never change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from genzoo.media.save_samples import save_samples
from genzoo.training.choose_trackers import Trackers
from genzoo.training.components import Session

COUNT = 64
COLUMNS = 8


@dataclass(frozen=True)
class Snapshot:
    """What was shown.

    Attributes:
        samples: Samples (n, *sample shape).
        paths: The files written.
    """

    samples: Tensor
    paths: tuple[Path, ...]


def write_snapshot(session: Session, folder: Path, step: int, trackers: Trackers) -> Snapshot:
    """Write sample `0` to `63` of the run's seed and, if it encodes, reconstructions."""
    model, kind = session.model, session.dataset.kind
    shown = {"samples": model.sample(COUNT, seed=session.config.seed)}
    if model.can_encode:
        shown["reconstructions"] = _reconstructions(session)
    paths = []
    for name, x in shown.items():
        for ending in kind.snapshots:
            path = folder / f"{name}-{step:09d}{ending}"
            save_samples(x, kind, model.sample_spec, path, COLUMNS)
            paths.append(path)
        trackers.images(step, name, kind.picture(x, model.sample_spec, COLUMNS))
    return Snapshot(shown["samples"], tuple(paths))


def _reconstructions(session: Session) -> Tensor:
    """Originals with their reconstructions."""
    spec, dataset = session.architecture.sample, session.dataset
    count = min(COUNT // 2, len(dataset))
    count = count // COLUMNS * COLUMNS or count
    indices = np.linspace(0, dataset.extent - 1, count).astype(np.int64)
    x, labels = dataset.again(indices, spec, session.device)
    return dataset.kind.paired(x, session.model.reconstruct(x, labels), spec, COLUMNS)
