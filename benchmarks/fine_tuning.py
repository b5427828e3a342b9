"""How many steps fine-tuning needs against training from scratch, to the same kernel distance.

    python benchmarks/fine_tuning.py [--data FOLDER] [--model peeps-gan] [--steps 300] [--batch 16]

Both learn the same data with the same objective, batch and seed: one from nothing, one from the
weights of the model, whose discriminator begins anew and is warmed up within its steps. Both are
measured as they go. The default data are the bundled portraits that wear sunglasses. Prints the
kernel distance by steps, and how many steps each needs to where scratch ends.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import genzoo
from genzoo_zoo.peeps import attributes, load

WEARS = ("sunglasses", "sunglasses2")
POINTS = (1 / 12, 1 / 6, 1 / 3, 2 / 3, 1.0)
"""Shares of the steps after which both are measured."""


def portraits() -> NDArray[np.uint8]:
    """The bundled portraits with sunglasses, (N, 64, 64, 3)."""
    worn = attributes()["accessories"]
    chosen = [number for number, value in enumerate(worn) if value in WEARS]
    return np.asarray(load().samples[chosen], dtype=np.uint8)


def distances(
    data: str | NDArray[np.uint8],
    folder: Path,
    steps: int,
    batch: int,
    model: str | None,
    count: int,
) -> dict[int, float]:
    """Kernel distance by steps of one run."""
    found: dict[int, float] = {}
    for share in POINTS:
        until = max(1, round(steps * share))
        if not found:
            goal = {"warm_up_discriminator": steps // 24} if model else {}
            genzoo.train(
                "convgan",
                data,
                folder,
                objective_config=goal,
                size=64,
                steps=until,
                batch_size=batch,
                snapshot_every=100_000,
                checkpoint_every=100_000,
                tracker=("none",),
                start_from=model,
            )
        else:
            genzoo.train(resume=folder, data=data, steps=until)
        record = genzoo.evaluate(folder, data, metrics=("kernel-distance",), count=count)
        found[until] = record.values[0].value
        print(f"{model or 'scratch':>12} {until:>6} steps  {found[until]:.4f}", flush=True)
    return found


def main() -> None:
    """Print both curves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--model", default="peeps-gan")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--count", type=int, default=500)
    given = parser.parse_args()
    data = given.data or portraits()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        sides = (given.steps, given.batch)
        scratch = distances(data, place / "scratch", *sides, None, given.count)
        tuned = distances(data, place / "tuned", *sides, given.model, given.count)
    goal = min(scratch.values())
    needed = next((steps for steps, value in tuned.items() if value <= goal), None)
    print(f"scratch comes to {goal:.4f} in {given.steps} steps, {given.model} in {needed}")


if __name__ == "__main__":
    main()
