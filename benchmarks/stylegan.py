"""Sampling with a StyleGAN2 of the usual size against NVIDIA's own code, on a processor.

    python benchmarks/stylegan.py PATH/TO/stylegan3 [--size 256] [--rounds 7] [--threads 2]

The path is a checkout of https://github.com/NVlabs/stylegan3; without one, genzoo's side alone is
timed. Its code needs scipy, requests and a setuptools with pkg_resources. Each side is a process
of its own that makes one image a turn, noise constant, of weights that are drawn anew: turns
alternate. Printed are seconds for an image with quartiles, the ratio, and the greatest memory that
each process took. bfloat16 is timed where the processor multiplies it natively; NVIDIA's code
computes in float32 on processors.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from interleave import Worker, serve
from torch import Tensor

from genzoo import SampleSpec
from genzoo.training.hardware import multiplies_bfloat16
from genzoo_gan.stylegan.configs import StyleGAN2Config
from genzoo_gan.stylegan.stylegan2 import StyleGAN2

BASES = (16384, 32768)
LATENT, MAPPING = 512, 8
OURS, OURS_BF16, THEIRS = "genzoo", "genzoo-bf16", "reference"


def ours(size: int, base: int) -> Callable[[Tensor], Tensor]:
    """genzoo's generator."""
    config = StyleGAN2Config(channel_base=base, mapping_layers=MAPPING, conv_clamp=256.0)
    made = StyleGAN2(config, SampleSpec(shape=(3, size, size))).build()
    generator: Callable[[Tensor], Tensor] = made["generator"].eval()
    return generator


def theirs(size: int, base: int, checkout: str) -> Callable[[Tensor], Tensor]:
    """NVIDIA's."""
    sys.path.insert(0, checkout)
    from training.networks_stylegan2 import Generator  # type: ignore[import-not-found]

    mapping = {"num_layers": MAPPING}
    generator = Generator(
        LATENT, 0, 512, size, 3, channel_base=base, num_fp16_res=0, mapping_kwargs=mapping
    ).eval()
    return lambda z: generator(z, torch.zeros(len(z), 0), noise_mode="const")


def work(side: str, size: int, base: int, threads: int, checkout: str) -> None:
    """One side: an image a turn."""
    torch.set_num_threads(threads)
    run = theirs(size, base, checkout) if side == THEIRS else ours(size, base)
    z = torch.randn(1, LATENT)

    def turn() -> None:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, side == OURS_BF16):
            run(z)

    turn()
    # The first image shows what memory one takes: all others take as much.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{peak:.2f}", flush=True)
    serve(turn)


def compare(size: int, base: int, rounds: int, threads: int, checkout: str) -> None:
    """Time all sides of one size in turns."""
    sides = [OURS]
    sides += [OURS_BF16] if multiplies_bfloat16(torch.device("cpu")) else []
    sides += [THEIRS] if checkout else []
    numbers = (str(size), str(base), str(threads))
    workers = {
        side: Worker(Path(__file__), "--work", side, *numbers, checkout or ".") for side in sides
    }
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, worker in workers.items():
            times[side].append(worker.turn())
    print(f"{size}x{size}, channel_base {base}")
    for side, worker in workers.items():
        print(
            f"  {side:12} s an image {quartiles(times[side])}  {worker.announced[-1]} GiB at most"
        )
        if side != THEIRS and checkout:
            ratios = [b / a for a, b in zip(times[side], times[THEIRS], strict=True)]
            print(f"  {'':12} times faster than the reference {quartiles(ratios)}")
    for worker in workers.values():
        worker.close()


def quartiles(values: list[float]) -> str:
    """The median with its quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} [{low:.2f} to {high:.2f}]"


def main() -> None:
    """Read the arguments, and time."""
    if sys.argv[1:2] == ["--work"]:
        side, *numbers, checkout = sys.argv[2:]
        size, base, threads = (int(number) for number in numbers)
        work(side, size, base, threads, checkout)
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", nargs="?", default="")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    print(f"{chosen.threads} threads; load of the machine {os.getloadavg()[0]:.1f}")
    for base in BASES:
        compare(chosen.size, base, chosen.rounds, chosen.threads, chosen.checkout)


if __name__ == "__main__":
    main()
