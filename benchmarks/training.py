"""Training throughput against the tutorial's plain script: same networks, batch and data.

    python benchmarks/training.py [--size 64] [--rounds 15] [--images 1024]

At 32 pixels the networks are the tutorial's own, of four layers; at 64 they have one more.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import torch
from interleave import Worker, compare
from PIL import Image
from tutorial_script import STEPS_PER_TURN

from genzoo_zoo.peeps import load

HERE = Path(__file__).parent
BATCH = 64


def write_folder(folder: Path, count: int, size: int) -> None:
    """PNG files of the bundled portraits, in the one class folder that ImageFolder insists on."""
    target = folder / "peeps"
    target.mkdir()
    for number, pixels in enumerate(load().samples[:count]):
        picture = Image.fromarray(pixels).resize((size, size), Image.Resampling.BOX)
        picture.save(target / f"{number:05d}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=64, choices=(32, 64))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--images", type=int, default=1024)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        write_folder(Path(scratch), options.images, options.size)
        script = Worker(HERE / "tutorial_script.py", scratch, str(options.size))
        ours = Worker(HERE / "genzoo_session.py", scratch, str(options.size))
        result = compare(script, ours, options.rounds)
        script.close()
        ours.close()
    images = BATCH * STEPS_PER_TURN
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, "
        f"dcgan {options.size}x{options.size}, batch {BATCH}"
    )
    print(f"tutorial script  {images / statistics.median(result.first):7.1f} images/s")
    print(f"genzoo           {images / statistics.median(result.second):7.1f} images/s")
    print(f"ratio            {result.describe()}, median and quartiles of {options.rounds} rounds")


if __name__ == "__main__":
    main()
