"""A registry with toy objectives, and small data sets on disk."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toy_objectives import genzoo_objectives
from toys import toy_registry

from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig


@pytest.fixture
def registry():
    registry = toy_registry()
    registry.add_all(genzoo_objectives(), "genzoo-toy-objectives", "1")
    return registry


@pytest.fixture
def data(tmp_path) -> Path:
    """40 images of 8x8 pixels in 2 classes."""
    rng = np.random.default_rng(0)
    path = tmp_path / "data.npz"
    images = rng.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(40) % 2)
    return path


@pytest.fixture
def images(tmp_path):
    """A folder of files, whose decoding can be interrupted too."""
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(20):
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def make_plan(data):
    """Builds a short plan; keyword arguments go to the training options."""

    def make(architecture="toy-gan", conditional=False, objective_config=None, **training):
        defaults = {
            "steps": 12,
            "batch_size": 16,
            "log_every": 2,
            "snapshot_every": 6,
            "checkpoint_every": 4,
            "device": "cpu",
            "precision": "fp32",
        }
        return RunPlan(
            architecture=architecture,
            objective_config=objective_config or {},
            data=DataConfig(data=str(data), conditional=conditional),
            training=TrainingConfig(**(defaults | training)),
        )

    return make
