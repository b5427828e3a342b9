"""How long it takes to load 100 MB of weights, against `torch.load` and building first.

    python benchmarks/loading.py [--rounds 21]

The same dcgan generator in both formats, its files in the page cache. Ways, turn by turn:

- ours: the network built without values, the file mapped into memory; the verdict on a large file
  (its SHA-256, no NaN) is remembered, so this is every load but the first.
- ours, first: with the hash computed and the values looked through.
- torch.load: the network built, its state unpickled (weights only), copied in.
- build, then copy: the network built, the safetensors file read, copied in.

Each is shown alone, and with a pass over all weights, which has the system read what a memory map
put off. On a busy machine the processor's time says more than the clock's.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from genzoo import ImagePyramid
from genzoo.artifact.load import load_model
from genzoo.artifact.save import save_model
from genzoo.model.build import build_model
from genzoo.plugins.manager import default_manager
from genzoo.specs import SampleSpec
from genzoo.system.cache_folder import cache_root
from genzoo_gan.stacks import ConvGenerator

SAMPLE = SampleSpec(shape=(3, 64, 64))
LATENT = 100
CONFIG = {"latent_dim": LATENT, "width": 182}


class Subject:
    """One model on disk, and the ways to load it."""

    def __init__(self, folder: Path) -> None:
        self.registry = default_manager().registry
        model = build_model(self.registry, "dcgan", SAMPLE, CONFIG)
        self.artifact, self.pickle = folder / "artifact", folder / "weights.pth"
        save_model(model, self.artifact, registry=self.registry, preview=False, golden=False)
        torch.save(model.parts["generator"].state_dict(), self.pickle)
        self.weights = self.artifact / "model.safetensors"

    def ours(self) -> nn.Module:
        return load_model(self.artifact, self.registry)

    def ours_first(self) -> nn.Module:
        shutil.rmtree(cache_root() / "verified", ignore_errors=True)
        return load_model(self.artifact, self.registry)

    def with_torch_load(self) -> nn.Module:
        generator = self._fresh()
        generator.load_state_dict(torch.load(self.pickle, weights_only=True))
        return generator

    def build_then_copy(self) -> nn.Module:
        generator = self._fresh()
        start = len("parts.generator.")
        state = {name[start:]: tensor for name, tensor in load_file(self.weights).items()}
        generator.load_state_dict(state)
        return generator

    def _fresh(self) -> nn.Module:
        """The generator alone, with torch's own initialisation, as a script would have it."""
        pyramid = ImagePyramid.of(SAMPLE, "dcgan")
        return ConvGenerator(SAMPLE, pyramid, LATENT, CONFIG["width"]).eval()


Times = tuple[list[float], list[float]]
"""Milliseconds of the clock and of the processor, load by load."""


def time_load(load: Callable[[], nn.Module], touch: bool, record: Times) -> None:
    """Load once, freeing not counted."""
    clock, processor = time.perf_counter(), time.process_time()
    module = load()
    if touch:
        for tensor in module.state_dict().values():
            tensor.sum()
    record[0].append((time.perf_counter() - clock) * 1000)
    record[1].append((time.process_time() - processor) * 1000)


def describe(record: list[float]) -> str:
    """Median with quartiles, the first load left out."""
    low, middle, high = statistics.quantiles(record[1:], n=4)
    return f"{middle:7.1f} [{low:.1f} to {high:.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        subject = Subject(Path(scratch))
        ways: dict[str, Callable[[], nn.Module]] = {
            "ours": subject.ours,
            "ours, first": subject.ours_first,
            "torch.load": subject.with_torch_load,
            "build, then copy": subject.build_then_copy,
        }
        times: dict[tuple[str, bool], Times] = {
            (name, touch): ([], []) for touch in (False, True) for name in ways
        }
        for number in range(options.rounds + 1):
            for name, touch in list(times)[:: -1 if number % 2 else 1]:
                time_load(ways[name], touch, times[name, touch])
        size = subject.weights.stat().st_size
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {size / 1e6:.0f} MB")
    print(f"{'ms, median and quartiles':28}{'clock':28}processor")
    for (name, touch), (clock, processor) in times.items():
        title = f"{name}, all read" if touch else name
        print(f"{title:28}{describe(clock):28}{describe(processor)}")


if __name__ == "__main__":
    main()
