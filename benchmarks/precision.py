"""Whether bfloat16 learns as float32 does: the same runs in both, over several seeds.

    python benchmarks/precision.py [--only dcgan] [--seeds 4] [--steps 300] [--size 64]

Prints each loss over the last fifth of the runs, its mean over the seeds in both precisions, and
how far apart the two means are in standard errors. Says so where the hardware does not multiply
bfloat16, as the trainer would then not use it.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
from pathlib import Path

import torch

from genzoo.plugins.manager import default_manager
from genzoo.records import ArchitectureSpec
from genzoo.training.allocators import tune_allocators
from genzoo.training.components import open_session
from genzoo.training.hardware import multiplies_bfloat16
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer

SUBJECTS = {
    "convgan": {"width": 16},
    "conv-vae": {"width": 8},
    # Wide enough for minimal filtering, whose sums bfloat16 rounds too.
    "dcgan": {"width": 64},
}
BATCH = 64


def losses(architecture: str, precision: str, seed: int, steps: int, size: int) -> dict[str, float]:
    """Means of the losses over the last fifth of a run."""
    registry = default_manager().registry
    plan = RunPlan(
        architecture=architecture,
        architecture_config=SUBJECTS[architecture],
        objective_config=dict(
            registry[ArchitectureSpec].find(architecture).record.objective_defaults
        ),
        data=DataConfig(data="peeps", options={"size": size}),
        training=TrainingConfig(
            steps=steps, batch_size=BATCH, seed=seed, precision=precision, log_every=10 * steps
        ),
    )
    session = open_session(plan, load_data(plan, registry, Reporter()), registry)
    with tempfile.TemporaryDirectory() as scratch:
        folder = RunFolder(Path(scratch) / "run")
        folder.create()
        trainer = Trainer(session, folder, Reporter())
        trainer.advance(steps - steps // 5)
        session.engine.meter.read()
        trainer.advance(steps // 5)
        return session.engine.meter.read()


def compare(first: list[float], second: list[float]) -> tuple[float, float, float]:
    """Means of both, and their distance in standard errors (Welch)."""
    error = math.sqrt(
        statistics.variance(first) / len(first) + statistics.variance(second) / len(second)
    )
    a, b = statistics.fmean(first), statistics.fmean(second)
    return a, b, (b - a) / error if error else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=SUBJECTS)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--size", type=int, default=64)
    options = parser.parse_args()
    tune_allocators()
    native = multiplies_bfloat16(torch.device("cpu"))
    print(f"torch {torch.__version__}, bfloat16 is {'native' if native else 'emulated'} here")
    for architecture in [options.only] if options.only else SUBJECTS:
        print(f"{architecture} {options.size}x{options.size}, {options.steps} steps of {BATCH}")
        runs: dict[str, list[dict[str, float]]] = {"fp32": [], "bf16": []}
        for seed in range(options.seeds):
            for precision, results in runs.items():
                results.append(losses(architecture, precision, seed, options.steps, options.size))
        for name in runs["fp32"][0]:
            columns = [[run[name] for run in results] for results in runs.values()]
            fp32, bf16, distance = compare(*columns)
            print(f"  {name:32} fp32 {fp32:10.4g}  bf16 {bf16:10.4g}  {distance:+.1f} errors")


if __name__ == "__main__":
    main()
