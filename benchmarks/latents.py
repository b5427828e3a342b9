"""Images a second of training in an autoencoder's latents against training in pixels.

    python benchmarks/latents.py [--size 128] [--steps 10] [--rounds 3]

Both sides are `convgan`, whose networks follow the shape of what they model. The autoencoder, of
factor 8, is as it was initialised: how fast its latents are learnt does not depend on how good they
are. Time is that of the processor, so that other programs do not count; the sides take turns.
Encoding, which is done once, is told apart.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import genzoo
from genzoo.app.publish import save_model
from genzoo.plugins.manager import default_manager
from genzoo.training.components import open_session
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer

BATCH = 16
COUNT = 64
WIDTHS = (16, 32, 64, 64)


def trainer(data: Path, place: Path, through: Path | None) -> Trainer:
    """One that can be advanced; with the networks' usual sizes."""
    name = None if through is None else str(through)
    plan = RunPlan(
        architecture="convgan",
        data=DataConfig(data=str(data), through=name),
        training=TrainingConfig(steps=1_000_000, batch_size=BATCH, precision="fp32"),
    )
    planned = PlannedRun.begun(plan, default_manager().registry)
    folder = RunFolder(place)
    folder.create()
    return Trainer(open_session(planned, load_data(planned, Reporter())), folder, Reporter())


def timed(subject: Trainer, steps: int) -> float:
    """Images per second of the processor."""
    began = time.process_time()
    subject.advance(steps)
    return steps * BATCH / (time.process_time() - began)


def main() -> None:
    """Print the rates of both sides and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        shape = (COUNT, chosen.size, chosen.size, 3)
        images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        np.savez(place / "data.npz", images=images)
        config = {"widths": WIDTHS, "layers": 1, "groups": 8}
        autoencoder = genzoo.build("kl-autoencoder", size=chosen.size, config=config)
        save_model(autoencoder, place / "autoencoder")
        pixels = trainer(place / "data.npz", place / "pixels", None)
        began = time.process_time()
        latents = trainer(place / "data.npz", place / "latents", place / "autoencoder")
        encoding = COUNT / (time.process_time() - began)
        sides = {"pixels": pixels, "latents": latents}
        for side in sides.values():
            side.advance(2)
        rates: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(chosen.rounds):
            for name, subject in sides.items():
                rates[name].append(timed(subject, chosen.steps))
        print(f"encoded once: at least {encoding:.0f} images/s")
        for name, found in rates.items():
            print(f"{name}: {statistics.median(found):.1f} images/s")
        ratios = [b / a for a, b in zip(rates["pixels"], rates["latents"], strict=True)]
        print(f"ratio: {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
