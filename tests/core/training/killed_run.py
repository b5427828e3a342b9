"""A training process for the tests to kill: `killed_run.py DATA OUT STEPS`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from toy_objectives import genzoo_objectives
from toys import toy_registry

from genzoo.training.config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.start import resume_run, train_run


def main(data: str, out: Path, steps: int) -> None:
    registry = toy_registry()
    registry.add_all(genzoo_objectives(), "genzoo-toy-objectives", "1")
    plan = RunPlan(
        architecture="toy-gan",
        data=DataConfig(data=data),
        training=TrainingConfig(
            steps=steps, batch_size=8, snapshot_every=steps, checkpoint_every=1, device="cpu"
        ),
    )
    if (out / "checkpoints").exists() and any((out / "checkpoints").glob("step-*")):
        resume_run(out, registry)
    else:
        train_run(plan, out, registry)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
