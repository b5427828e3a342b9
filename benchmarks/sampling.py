"""Sampling throughput against the tutorial's generator, called as plainly as it can be.

    python benchmarks/sampling.py [--size 64] [--rounds 15]

Same layers, 512 samples in batches of 64, turn by turn in one process. The plain side draws
latents and calls the network in evaluation mode, in float32; genzoo's draws each sample from its
own stream, in float32 and, where the processor multiplies it natively, in bfloat16. Then it is
printed how far samples of a trained model differ between the two.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from tutorial_script import generator

from genzoo import build, load
from genzoo.training.hardware import multiplies_bfloat16, tune_allocators

BATCH, COUNT = 64, 512
WIDTH = 64
TRAINED = "peeps-gan"

Side = Callable[[], object]


def plain(size: int) -> Side:
    """The generator that tutorials print."""
    network = generator(WIDTH, size).eval()

    @torch.no_grad()
    def sample() -> torch.Tensor:
        return torch.cat([network(torch.randn(BATCH, 100, 1, 1)) for _ in range(COUNT // BATCH)])

    return sample


def ours(size: int, context: Callable[[], AbstractContextManager[object]]) -> Side:
    """A model of the same layers, sampled as `genzoo sample` does."""
    model = build("dcgan", size=size, config={"width": WIDTH})

    def sample() -> torch.Tensor:
        with context():
            return model.sample(COUNT, batch_size=BATCH)

    return sample


def bfloat16() -> AbstractContextManager[object]:
    """Computes in bfloat16 what `--precision auto` does."""
    return torch.autocast("cpu", dtype=torch.bfloat16)


def difference(name: str) -> float:
    """Levels of 256 within which 99 % of the values of a model's samples are the same in both."""
    model = load(name)
    exact = model.sample(256, seed=0)
    with bfloat16():
        rounded = model.sample(256, seed=0).float()
    low, high = model.sample_spec.low, model.sample_spec.high
    return float(np.percentile((rounded - exact).abs() / (high - low) * 255, 99))


def seconds(side: Side) -> float:
    """How long one turn takes."""
    start = time.perf_counter()
    side()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=64, choices=(32, 64))
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    tune_allocators()
    sides = {
        "plain eager, fp32": plain(options.size),
        "genzoo, fp32": ours(options.size, nullcontext),
    }
    if multiplies_bfloat16(torch.device("cpu")):
        sides["genzoo, bf16"] = ours(options.size, bfloat16)
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(options.rounds + 1):
        for name in list(sides) if number % 2 else reversed(sides):
            times[name].append(seconds(sides[name]))
    first = times["plain eager, fp32"]
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, "
        f"dcgan {options.size}x{options.size}, batch {BATCH}"
    )
    for name, own in times.items():
        ratios = [a / b for a, b in zip(first[1:], own[1:], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        rate = COUNT / statistics.median(own[1:])
        print(f"{name:20} {rate:7.0f} images/s  {middle:.2f} times [{low:.2f} to {high:.2f}]")
    if "genzoo, bf16" in sides:
        print(f"{TRAINED} in bf16: 99 % of all values within {difference(TRAINED):.1f} levels")


if __name__ == "__main__":
    main()
