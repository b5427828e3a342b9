"""A process that trains a convolutional VAE with sharded parameters: `sharded_run.py OUT STEPS`.

Begins a run in OUT, or goes on with the one that is there.
"""

import sys
from pathlib import Path

from genzoo.distributed.process_group import joined_process_group
from genzoo.plugins.manager import default_manager
from genzoo.training import fsdp as sharding
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig


def make_plan(data: str, steps: int, **training: object) -> RunPlan:
    values = {
        "steps": steps,
        "batch_size": 8,
        "snapshot_every": 4,
        "checkpoint_every": 4,
        "sync_batch_norm": True,
        "clip_gradient": 50.0,
        "ema": 0.9,
        "tracker": ("none",),
        "device": "cpu",
        "precision": "fp32",
    }
    return RunPlan(
        architecture="conv-vae",
        architecture_config={"width": 5, "latent_dim": 3},
        data=DataConfig(data=data, options={"size": 16}),
        training=TrainingConfig(**{**values, **training}),
    )


def main(out: str, data: str, steps: str) -> None:
    sharding.LEAST = 64
    registry, folder = default_manager().registry, Path(out)
    with joined_process_group() as processes:
        if processes.share(folder.exists() if processes.is_main else None):
            resume_run(folder, registry, None, {"steps": int(steps), "shard": True}, processes)
        else:
            train_run(make_plan(data, int(steps), shard=True), folder, registry, None, processes)


if __name__ == "__main__":
    main(*sys.argv[1:])
