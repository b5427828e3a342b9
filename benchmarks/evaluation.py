"""Features per second of the Inception network, against torch-fidelity's on the same weights.

    python benchmarks/evaluation.py [--rounds 9] [--images 64] [--threads N]

Both sides run in one process, turn by turn, from 8 bit images of 64 pixels in memory to features,
resizing included, each by its own filter. The weights are random: they do not change the work.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from interleave import Comparison
from numpy.typing import NDArray
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from genzoo.evaluation.feature_cache import extracted, temporary_features
from genzoo_metrics import inception

BATCH = 16


def sides(folder: Path, images: NDArray[np.uint8]) -> tuple[Callable[[], object], ...]:
    """torch-fidelity's turn and genzoo's."""
    # The random weights must not stay in the user's own cache.
    os.environ["GENZOO_CACHE"] = str(folder / "cache")
    path = folder / "weights.pth"
    torch.save(inception.torchvision_network().state_dict(), path)
    theirs = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(path)
    )
    inception.SHA256 = hashlib.sha256(path.read_bytes()).hexdigest()
    ours = inception.InceptionV3Features(torch.device("cpu"), path)
    pieces = [images[first : first + BATCH] for first in range(0, len(images), BATCH)]

    def plain_loop() -> object:
        with torch.inference_mode():
            rows = [theirs(torch.from_numpy(piece).permute(0, 3, 1, 2))[0] for piece in pieces]
        return torch.cat(rows).numpy()

    def genzoo() -> object:
        rows = (extracted(ours, piece) for piece in pieces)
        return temporary_features(rows, len(images), lambda done: None)

    return plain_loop, genzoo


def seconds(turn: Callable[[], object]) -> float:
    """How long a turn takes."""
    start = time.perf_counter()
    turn()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (options.images, 64, 64, 3), np.uint8)
    with tempfile.TemporaryDirectory() as scratch:
        plain_loop, genzoo = sides(Path(scratch), images)
        seconds(plain_loop), seconds(genzoo)
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(options.rounds):
            turns = [(plain_loop, times[0]), (genzoo, times[1])]
            for turn, record in turns if number % 2 == 0 else reversed(turns):
                record.append(seconds(turn))
    result = Comparison(*times)
    print(f"torch {torch.__version__}, {options.threads} threads, {options.images} images")
    print(f"torch-fidelity  {options.images / statistics.median(result.first):7.1f} features/s")
    print(f"genzoo          {options.images / statistics.median(result.second):7.1f} features/s")
    print(f"ratio           {result.describe()}, median and quartiles of {options.rounds} rounds")


if __name__ == "__main__":
    main()
