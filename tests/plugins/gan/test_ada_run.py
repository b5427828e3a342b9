"""Adaptive augmentation in a run: its strength rises, is logged, and survives a resume."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from resuming import logged, train_and_resume

from genzoo.registry import Registry
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig


@pytest.mark.parametrize("objective", ["gan", "wgan-gp", "r3gan"])
def test_a_run_with_ada_resumes_bit_for_bit(
    bundled: Registry, tmp_path: Path, objective: str
) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "data.npz", images=rng.integers(0, 256, (16, 16, 16, 3), dtype=np.uint8))
    plan = RunPlan(
        architecture="convgan",
        architecture_config={"width": 4, "latent_dim": 4},
        objective=objective,
        objective_config={"augment": "ada", "ada_target": -1.0, "ada_images": 400},
        data=DataConfig(data=str(tmp_path / "data.npz"), options={"size": 16}),
        training=TrainingConfig(
            steps=11, batch_size=8, log_every=1, device="cpu", precision="fp32", tracker=("none",)
        ),
    )
    # Six steps are one and a half intervals: the signs seen since then are state as well.
    final = train_and_resume(plan, bundled, tmp_path, stop=6)
    state = {name: value.item() for name, value in final.tensors["objective"].items()}
    assert state["augment_probability"] > 0
    batches = 11 * (5 if objective == "wgan-gp" else 1)
    assert state["augment_batches"] == batches % 4
    player = "critic" if objective == "wgan-gp" else "discriminator"
    for run in ("whole", "parted"):
        lines = logged(tmp_path / run)
        strength = [line[f"{player}/augment_probability"] for line in lines]
        assert strength[0] <= strength[5] <= strength[-1]
        assert strength[-1] > 0
        assert all(-1 <= line[f"{player}/overfitting"] <= 1 for line in lines)


def test_a_run_with_a_scheduled_probability_resumes_bit_for_bit(
    bundled: Registry, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "data.npz", images=rng.integers(0, 256, (16, 16, 16, 3), dtype=np.uint8))
    plan = RunPlan(
        architecture="r3gan",
        architecture_config={"width": 4, "latent_dim": 4, "blocks": 1, "cardinality": 2},
        objective_config={"augment": "ada", "ada_probability": 0.6, "ada_over": 0.5},
        data=DataConfig(data=str(tmp_path / "data.npz"), options={"size": 16}),
        training=TrainingConfig(
            steps=8, batch_size=8, log_every=1, device="cpu", precision="fp32", tracker=("none",)
        ),
    )
    train_and_resume(plan, bundled, tmp_path, stop=3)
    expected = [0.6 * (1 - np.cos(np.pi * min(step, 4) / 4)) / 2 for step in range(8)]
    for run in ("whole", "parted"):
        lines = logged(tmp_path / run)
        strength = [line["discriminator/augment_probability"] for line in lines]
        assert strength == pytest.approx(expected)
