"""A Hub on loopback, and short runs of toys."""

import pytest
from local_hub import _serving, hub, token
from toy_objectives import genzoo_objectives
from toys import toy_registry

from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig

__all__ = ["_serving", "hub", "token"]


@pytest.fixture
def registry():
    registry = toy_registry()
    registry.add_all(genzoo_objectives(), "genzoo-toy-objectives", "1")
    return registry


@pytest.fixture
def make_plan():
    """Builds a short plan for data; keyword arguments go to their options."""

    def make(data, **options):
        return RunPlan(
            architecture="toy-gan",
            data=DataConfig(data=str(data), **options),
            training=TrainingConfig(
                steps=12,
                batch_size=16,
                log_every=2,
                snapshot_every=6,
                checkpoint_every=4,
                device="cpu",
                precision="fp32",
            ),
        )

    return make
