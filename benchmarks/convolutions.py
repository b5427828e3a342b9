"""When minimal filtering is faster than oneDNN's convolutions, kernel 4 and stride 2.

    python benchmarks/convolutions.py [--precision fp32] [--rounds 9]

For batches, channels and sides of the larger maps: the reuse, by which `genzoo.fast_convolutions`
chooses, and how many times as fast it is in training (the result and both
gradients) and without gradients, from the large maps to the small ones (down) and back (up). Both
sides take turns; a time is the best of the rounds, as what disturbs only adds. Then how far a
result of either is from the exact one, as a share of its size, and how many times as fast as
oneDNN's the transposed convolution to an image is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from genzoo.fast_convolutions.algorithms import Algorithm, Direct, Winograd, upsample
from genzoo.fast_convolutions.autograd_functions import convolve
from genzoo.fast_convolutions.choose_algorithm import reuse
from genzoo.training.hardware import tune_allocators

LAYERS = (
    (64, 32, 64, 16),
    (64, 64, 64, 16),
    (16, 128, 256, 8),
    (64, 64, 128, 16),
    (64, 64, 128, 32),
    (64, 128, 256, 8),
    (64, 128, 128, 16),
    (16, 128, 256, 16),
    (64, 128, 256, 16),
    (256, 128, 256, 16),
    (64, 256, 512, 8),
    (64, 512, 512, 8),
)
"""Images, channels of the large and the small maps, side of the large ones."""

SMALL = 16


def training(x: Tensor, weight: Tensor, algorithm: Algorithm, upstream: Tensor) -> None:
    """The result and both gradients."""
    given, kernel = x.detach().requires_grad_(), weight.detach().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=x.dtype == torch.bfloat16):
        result = convolve(given, kernel, None, algorithm)
    torch.autograd.grad(result, (given, kernel), upstream)


def sampling(x: Tensor, weight: Tensor, algorithm: Algorithm) -> Callable[[], Tensor]:
    """Makes the result alone, by a kernel that is kept."""
    kernel = algorithm.transform_weight(weight, x.dtype)
    shape = algorithm.output_shape(x.shape, weight.shape)
    return lambda: algorithm.output(algorithm.transform_input(x), kernel, None, shape)


def ratio(first: Callable[[], object], second: Callable[[], object], rounds: int) -> float:
    """How many times as fast the second is."""
    best = [float("inf")] * 2
    for _ in range(rounds + 1):
        for side, run in enumerate((first, second)):
            start = time.perf_counter()
            run()
            best[side] = min(best[side], time.perf_counter() - start)
    return best[0] / best[1]


def compare(layer: tuple[int, int, int, int], dtype: torch.dtype, rounds: int) -> list[float]:
    """Down in training and sampling, then up."""
    images, large, small, side = layer
    maps = [(images, large, side, side), (images, small, side // 2, side // 2)]
    weight = torch.randn(small, large, 4, 4).to(memory_format=torch.channels_last)
    ratios = []
    for transposed in (False, True):
        x, upstream = (
            torch.randn(shape).to(dtype).contiguous(memory_format=torch.channels_last)
            for shape in (reversed(maps) if transposed else maps)
        )
        product = dtype == torch.bfloat16 and (side // 2) ** 2 <= SMALL
        plain = Direct(transposed, product=product)
        minimal = Winograd(transposed)
        ratios += [
            ratio(
                lambda: training(x, weight, plain, upstream),  # noqa: B023
                lambda: training(x, weight, minimal, upstream),  # noqa: B023
                rounds,
            ),
            ratio(sampling(x, weight, plain), sampling(x, weight, minimal), rounds),
        ]
    return ratios


@torch.no_grad()
def errors(dtype: torch.dtype) -> list[float]:
    """Root mean square errors of both results, for exact ones of size 1."""
    x = torch.randn(64, 128, 16, 16).to(dtype).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(256, 128, 4, 4).to(memory_format=torch.channels_last)
    exact = F.conv2d(x.double(), weight.double(), None, 2, 1)
    algorithms: list[Algorithm] = [Direct(False), Winograd(False)]
    results = [sampling(x, weight, each)() for each in algorithms]
    return [float((one - exact).square().mean().sqrt() / exact.std()) for one in results]


@torch.no_grad()
def to_image(images: int, channels: int, side: int, dtype: torch.dtype, rounds: int) -> float:
    """How many times as fast `upsample` makes images of three channels."""
    x = torch.randn(images, channels, side, side).to(dtype)
    x = x.contiguous(memory_format=torch.channels_last)
    weight = torch.randn(channels, 3, 4, 4).to(dtype).contiguous(memory_format=torch.channels_last)
    plain = lambda: F.conv_transpose2d(x, weight, None, 2, 1)  # noqa: E731
    return ratio(plain, lambda: upsample(x, weight), rounds)


def _reuse(layer: tuple[int, int, int, int]) -> float:
    images, large, small, side = layer
    return reuse(small, large, images * side**2 // 16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    tune_allocators()
    dtype = torch.bfloat16 if options.precision == "bf16" else torch.float32
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.precision}")
    print("images  large  small  side  reuse   training  sampling   training  sampling")
    print(" " * 42 + "down" + " " * 18 + "up")
    for layer in sorted(LAYERS, key=_reuse):
        images, large, small, side = layer
        columns = "  ".join(f"{one:8.2f}" for one in compare(layer, dtype, options.rounds))
        print(f"{images:6}  {large:5}  {small:5}  {side:4}  {_reuse(layer):5.0f}  {columns}")
    plain, minimal = errors(dtype)
    print(f"error of a result: oneDNN {plain:.2g}, minimal filtering {minimal:.2g}")
    for shape in ((64, 64, 32), (64, 16, 32), (64, 64, 16), (16, 64, 16)):
        print(f"to an image from {shape}: {to_image(*shape, dtype, options.rounds):.2f}")


if __name__ == "__main__":
    main()
