"""What it costs to decode while training instead of once.

    python benchmarks/streaming.py [--images 4000] [--side 256] [--steps 60]

JPEG images in tar shards, made up for the purpose, train a small dcgan at 64x64: decoded once and
kept; streamed, the next batch being decoded while the current one is computed with; and streamed
without that. Each way is a process of its own.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from flat_memory import SIZE, train
from numpy.typing import NDArray
from PIL import Image

from genzoo.data.dataset import Dataset
from genzoo.data.open_dataset import open_dataset
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.plugins.manager import default_manager

WAYS = ("kept", "streamed", "streamed, not ahead")
IN_A_SHARD = 1000


class Unannounced(Dataset):
    """A data set that is never told what comes next."""

    def expect(self, indices: NDArray[np.int64]) -> None:
        """Do nothing."""


def write_shards(folder: Path, images: int, side: int) -> None:
    """Blurred noise, which compresses about as photographs do."""
    rng = np.random.default_rng(0)
    for start in range(0, images, IN_A_SHARD):
        with tarfile.open(folder / f"shard-{start // IN_A_SHARD:06d}.tar", "w") as archive:
            for number in range(start, min(images, start + IN_A_SHARD)):
                coarse = Image.fromarray(rng.integers(0, 256, (side // 8, side // 8, 3), np.uint8))
                buffer = io.BytesIO()
                coarse.resize((side, side), Image.Resampling.BICUBIC).save(buffer, "JPEG")
                member = tarfile.TarInfo(f"{number:08d}.jpg")
                member.size = buffer.tell()
                buffer.seek(0)
                archive.addfile(member, buffer)


def perform(way: str, steps: int, scratch: Path) -> dict[str, float]:
    """Train one way."""
    kind = ImageKind(ImageOptions(size=SIZE, channels=3))
    dataset = open_dataset(
        scratch / "shards",
        kind,
        cache=scratch / "cache",
        registry=default_manager().registry,
        stream=way != "kept",
    )
    if way == WAYS[-1]:
        dataset = Unannounced(
            **{each.name: getattr(dataset, each.name) for each in fields(Dataset)}
        )
    return train(dataset, steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(perform(options.way, options.steps, options.folder)))
        return
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.side} px JPEG")
    print(f"{'':22}training/s  for data  reading/s  peak memory")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "shards"
        folder.mkdir()
        write_shards(folder, options.images, options.side)
        for way in WAYS:
            command = [sys.executable, __file__, "--way", way, "--steps", str(options.steps)]
            command += ["--folder", scratch]
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
            result = json.loads(answer)
            print(
                f"{way:22}{result['samples_per_second']:10.1f}  {result['waiting']:8.2%} "
                f"{result['read']:10,.0f}{result['peak']:10.2f} GB",
                flush=True,
            )


if __name__ == "__main__":
    main()
