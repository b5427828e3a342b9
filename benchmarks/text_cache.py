"""What the key-value cache of `text-vae` is worth while texts are written.

    python benchmarks/text_cache.py [--length 256] [--rounds 5]

The same decoder writes the same 16 texts with the cache and without, turn by turn in one process,
each as long as it can be. Printed are the times with the cache, and how many times as long it takes
without: medians with quartiles.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from torch import Tensor

from genzoo import SampleNoise, SampleSpec
from genzoo_text.autoregressive import TextLikelihood
from genzoo_text.configs import TextVAEConfig
from genzoo_text.text_vae import TextDecoder

TEXTS = 16
LETTERS = 60


def likelihood(length: int) -> TextLikelihood:
    """Texts that never end: the end is made as good as impossible."""
    torch.manual_seed(0)
    sample = SampleSpec(kind="text", shape=(length,), low=0, high=LETTERS)
    config = TextVAEConfig()
    decoder = TextDecoder(config, sample).eval()
    with torch.no_grad():
        decoder.head.bias[0] = -100.0
        made = decoder(torch.randn(TEXTS, config.latent_dim))
    assert isinstance(made, TextLikelihood)
    return made


@torch.no_grad()
def write(texts: TextLikelihood, cached: bool) -> tuple[Tensor, float]:
    """The texts, and how many seconds they took."""
    noise = SampleNoise(0, range(TEXTS))
    start = time.perf_counter()
    made = texts.sample(noise, cached=cached)
    return made, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    texts = likelihood(options.length)
    write(texts, True)
    seconds, ratios = [], []
    for _ in range(options.rounds):
        first, with_cache = write(texts, True)
        second, without = write(texts, False)
        assert bool((first > 0).all())
        print(f"{(first == second).double().mean():.1%} of the tokens are the same in both")
        seconds.append(with_cache)
        ratios.append(without / with_cache)
    print(f"{TEXTS} texts of {options.length} tokens: {shown(seconds)} s with the cache")
    print(f"without it {shown(ratios)} times as long")


def shown(values: list[float]) -> str:
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} [{low:.2f} to {high:.2f}]"


if __name__ == "__main__":
    main()
