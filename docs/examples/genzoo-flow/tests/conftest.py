"""A cache of the tests' own, so that nobody's decoded data are touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def noise_images(tmp_path: Path) -> Path:
    """4096 grey images of 4x4 pixels, every level as likely as every other, in two classes."""
    rng = np.random.default_rng(0)
    path = tmp_path / "noise.npz"
    images = rng.integers(0, 256, (4096, 4, 4), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(4096) % 2)
    return path
