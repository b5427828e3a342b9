"""Pictures of what the averaged weights can do, from latents that never change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genzoo.media.image import grid, save_images, to_uint8
from genzoo.training.session import Session
from genzoo.training.tracker import Trackers

COUNT = 64


def write_snapshot(session: Session, folder: Path, step: int, trackers: Trackers) -> list[Path]:
    """Write sample `0` to `63` of the run's seed and, if it encodes, reconstructions.

    Returns:
        The files written.
    """
    model = session.model
    pictures = {"samples": model.sample(COUNT, seed=session.config.seed)}
    if model.can_encode:
        pictures["reconstructions"] = _reconstructions(session)
    paths = []
    for name, x in pictures.items():
        path = folder / f"{name}-{step:09d}.png"
        save_images(x, model.sample_spec, path)
        paths.append(path)
        trackers.images(step, name, grid(to_uint8(x, model.sample_spec)))
    return paths


def _reconstructions(session: Session) -> Tensor:
    """Rows of 8 originals, each above its reconstructions."""
    spec = session.architecture.sample
    count = min(COUNT // 2, len(session.dataset)) // 8 * 8 or min(COUNT // 2, len(session.dataset))
    indices = np.linspace(0, len(session.dataset) - 1, count).astype(np.int64)
    x, labels = session.dataset.batch(indices, spec.low, spec.high, session.device)
    pairs = zip(x.split(8), session.model.reconstruct(x, labels).split(8), strict=True)
    return torch.cat([rows for pair in pairs for rows in pair])
