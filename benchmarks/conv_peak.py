"""How much of the machine's convolution peak a training step reaches, and where the rest goes.

    python benchmarks/conv_peak.py [--size 64] [--steps 8]

The peak is the best rate over plausible layers, forward, channels last. The step is dcgan's of
width 64 on batches of 64, on all defaults. Its operations are counted as they are carried out and,
as minimal filtering carries out fewer, as those of plain convolutions. Peak and steps alternate, so
that a drift of the machine meets both alike.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import torch
import torch.nn.functional as F
from genzoo_session import trainer
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from training import write_folder

from genzoo.fast_convolutions import choose_algorithm
from genzoo.training.hardware import choose_precision, tune_allocators

LAYERS = ((64, 128, 32, 4, 2), (128, 256, 16, 4, 2), (256, 512, 8, 4, 2), (128, 128, 16, 3, 1))
"""Channels in and out, side, kernel, stride."""

GROUPS = {
    "convolutions": ("conv", "mkldnn_conv"),
    "matrix products": ("mm", "addmm", "bmm"),
    "batch normalisation": ("native_batch_norm", "batch_norm"),
    "activations": ("leaky_relu", "threshold", "clamp_min", "relu", "tanh", "softplus"),
    "sums and differences": ("add", "sub"),
    "copies and casts": ("copy_", "fill_", "constant_pad", "cat", "pixel_shuffle"),
    "optimiser and average": ("_fused_adam", "lerp", "_foreach"),
}


def best_rate(dtype: torch.dtype) -> float:
    """The most operations a second over the layers."""
    return max(_rate(dtype, *layer) for layer in LAYERS)


@torch.no_grad()
def _rate(dtype: torch.dtype, ins: int, outs: int, side: int, kernel: int, stride: int) -> float:
    x = torch.randn(64, ins, side, side).to(dtype, memory_format=torch.channels_last)
    weight = torch.randn(outs, ins, kernel, kernel).to(dtype, memory_format=torch.channels_last)
    operations = 2 * 64 * ins * outs * kernel**2 * (side // stride) ** 2
    return operations / min(_seconds(lambda: F.conv2d(x, weight, None, stride, 1)) for _ in "12345")


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def group_of(operation: str) -> str:
    """The row of the profile that an operation belongs to."""
    name = operation.removeprefix("aten::").lstrip("_")
    for group, prefixes in GROUPS.items():
        if name.startswith(tuple(prefix.lstrip("_") for prefix in prefixes)):
            return group
    return "all else"


def operations(step: Callable[[], object]) -> int:
    """Multiplications and additions in convolutions and matrix products."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def shares(step: Callable[[], object], steps: int) -> dict[str, float]:
    """Share of the time by group, the largest first."""
    with profile(activities=[ProfilerActivity.CPU]) as record:
        for _ in range(steps):
            step()
    times: dict[str, float] = {}
    for event in record.key_averages():
        group = group_of(event.key)
        times[group] = times.get(group, 0.0) + event.self_cpu_time_total
    total = sum(times.values())
    return {group: times[group] / total for group in sorted(times, key=lambda one: -times[one])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=64, choices=(32, 64))
    parser.add_argument("--steps", type=int, default=8)
    options = parser.parse_args()
    tune_allocators()
    precision = choose_precision("auto", torch.device("cpu"))
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    with tempfile.TemporaryDirectory() as scratch:
        write_folder(Path(scratch), 256, options.size)
        subject = trainer(Path(scratch), Path(scratch) / "run", options.size)

        def step() -> None:
            subject.advance(1)

        step()
        carried_out = operations(step)
        with mock.patch.object(choose_algorithm, "filtering_is_faster", return_value=False):
            plain = operations(step)
        pairs = [(best_rate(dtype), _seconds(step)) for _ in range(options.steps)]
        profiled = shares(step, options.steps)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {precision}")
    print(f"convolution peak, float32   {best_rate(torch.float32) / 1e9:7.0f} GFLOP/s")
    peak = max(rate for rate, _ in pairs)
    print(f"convolution peak, {precision:9} {peak / 1e9:7.0f} GFLOP/s")
    print(f"a step in {1e3 * min(seconds for _, seconds in pairs):.0f} ms at best")
    for count, meaning in ((carried_out, "as carried out"), (plain, "as convolutions")):
        ratios = [count / seconds / rate for rate, seconds in pairs]
        low, middle, high = statistics.quantiles(ratios, n=4)
        share = f"{middle:.0%} [{low:.0%} to {high:.0%}] of the peak"
        print(f"{meaning:20}{count / 1e9:7.0f} GFLOP, {share}")
    for group, portion in profiled.items():
        print(f"  {group:26}{portion:6.1%}")


if __name__ == "__main__":
    main()
