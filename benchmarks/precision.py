"""Whether bfloat16 learns as float32 does: the same runs in both, over several seeds.

    python benchmarks/precision.py [--only dcgan] [--seeds 4] [--steps 300] [--size 64]

In bfloat16 each network learns twice: with genzoo's fast convolutions, whose minimal filtering
rounds sums too, and with torch's own. Prints each loss over the last fifth of the runs: its mean
over the seeds in float32, and how far the mean of the others is from that, as a share of it and in
standard errors. The pairs of runs have their seeds in common. Says so where the hardware does not
multiply bfloat16, as the trainer would then not use it.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import plain_vae
import torch

from genzoo.plugins.manager import default_manager
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry
from genzoo.training.components import open_session
from genzoo.training.hardware import multiplies_bfloat16, tune_allocators
from genzoo.training.planned_run import PlannedRun
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
    # Nobody wrote it with genzoo's convolutions in mind.
    "plain-vae": {"width": 64},
}
BATCH = 64

SIDES: dict[str, dict[str, Any]] = {
    "float32": {"precision": "fp32"},
    "bfloat16": {"precision": "bf16"},
    "bfloat16, torch's convolutions": {"precision": "bf16", "fast_convolutions": False},
}


def losses(
    architecture: str, side: Mapping[str, Any], seed: int, steps: int, size: int
) -> dict[str, float]:
    """Means of the losses over the last fifth of a run."""
    registry = registry_with_strangers()
    plan = RunPlan(
        architecture=architecture,
        architecture_config=SUBJECTS[architecture],
        objective_config=dict(
            registry[ArchitectureSpec].find(architecture).record.objective_defaults
        ),
        data=DataConfig(data="peeps", options={"size": size}),
        training=TrainingConfig(
            steps=steps, batch_size=BATCH, seed=seed, log_every=10 * steps, **side
        ),
    )
    planned = PlannedRun.of(plan, registry)
    session = open_session(planned, load_data(planned, Reporter()))
    with tempfile.TemporaryDirectory() as scratch:
        folder = RunFolder(Path(scratch) / "run")
        folder.create()
        trainer = Trainer(session, folder, Reporter())
        trainer.advance(steps - steps // 5)
        session.engine.meter.read()
        trainer.advance(steps // 5)
        return session.engine.meter.read()


@cache
def registry_with_strangers() -> Registry:
    """What is installed, and the network of a stranger."""
    manager = default_manager()
    manager.add(plain_vae)
    return manager.registry


def compare(first: list[float], second: list[float]) -> tuple[float, float, float]:
    """How far the second mean is from the first, as a share of it and in standard errors.

    Two errors are given: of runs that have nothing in common (Welch), and of pairs by seed.
    """
    count, distances = len(first), [b - a for a, b in zip(first, second, strict=True)]
    mean = statistics.fmean(distances)
    apart = math.sqrt((statistics.variance(first) + statistics.variance(second)) / count)
    paired = math.sqrt(statistics.variance(distances) / count)
    share = mean / abs(statistics.fmean(first))
    return share, mean / apart if apart else 0.0, mean / paired if paired else 0.0


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
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in SIDES}
        for seed in range(options.seeds):
            for name, side in SIDES.items():
                runs[name].append(losses(architecture, side, seed, options.steps, options.size))
        base = runs.pop("float32")
        for loss in base[0]:
            plain = [run[loss] for run in base]
            print(f"  {loss}: {statistics.fmean(plain):.4g} in float32")
            for name, results in runs.items():
                share, apart, paired = compare(plain, [run[loss] for run in results])
                print(
                    f"    {name:32} {100 * share:+6.2f} %, {apart:+.1f} errors, "
                    f"{paired:+.1f} of pairs"
                )


if __name__ == "__main__":
    main()
