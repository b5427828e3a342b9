"""A real run that the doctor calls ill, and one that it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genzoo.doctor.doctor_record import DoctorRecord
from genzoo.training.begin_and_resume import train_run
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig

SIDE = 16
STEPS = 500
"""The fewest after which samples are judged."""


def write_discs(path: Path, count: int) -> None:
    """Discs of any place, size and colour on any ground."""
    draw = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    column, row = draw.uniform(0.25, 0.75, (2, count, 1, 1))
    radius = draw.uniform(0.15, 0.4, (count, 1, 1))
    inside = ((x - column) ** 2 + (y - row) ** 2 < radius**2)[..., None]
    disc, ground = draw.uniform(0, 255, (2, count, 1, 1, 3))
    np.savez(path, images=np.where(inside, disc, ground).astype(np.uint8))


@pytest.fixture
def findings(tmp_path, bundled):
    """What is found in a VAE's run of 500 steps on that many discs."""

    def train(count, latent_dim):
        write_discs(tmp_path / "discs.npz", count)
        plan = RunPlan(
            architecture="conv-vae",
            architecture_config={"width": 4, "latent_dim": latent_dim},
            objective_config={"learning_rate": 0.005},
            data=DataConfig(data=str(tmp_path / "discs.npz")),
            training=TrainingConfig(
                steps=STEPS,
                batch_size=8,
                precision="fp32",
                log_every=10,
                snapshot_every=STEPS // 2,
                checkpoint_every=STEPS,
            ),
        )
        train_run(plan, tmp_path / "run", bundled)
        found = DoctorRecord.read(tmp_path / "run/doctor.json").findings
        return {finding.name for finding in found}

    return train


@pytest.mark.slow
def test_a_vae_that_has_eight_samples_repeats_them(findings):
    found = findings(count=8, latent_dim=2)
    assert "memorisation" in found


@pytest.mark.slow
def test_a_vae_that_has_hundreds_makes_new_ones(findings):
    found = findings(count=300, latent_dim=4)
    assert not found & {"memorisation", "distant-samples"}
