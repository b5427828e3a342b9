"""What minutes on a stranger's folder give: genzoo and what a person would take instead.

    python benchmarks/race.py --data FOLDER [--minutes 20] [--rivals NAME,NAME] [--name emoji]

Each trains on the same pictures, by its own loop in its own environment, for as many processor
seconds: those of its process from its first instruction, reading the pictures included. Then each
draws as many samples, and two networks compare them with the data. EfficientNet-Lite0 trains
genzoo's default; EfficientNet-Lite2 trains nobody.

What is done is kept in --results and not done again: a race can be run in parts. docs/race.md is
written with `--table docs/race.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from racers.field import Racer, chosen
from racers.judges import JUDGES, Images, Judge, Score
from racers.lap import FACTS, SAMPLES, Lap
from racers.table import Result, picture, put, table
from toolkits.environments import interpreter

from genzoo import known_names
from genzoo.data.open_dataset import open_dataset
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.system.cache_folder import cache_root

HERE = Path(__file__).parent
REFERENCES = 1000
"""Images of the data at most that samples are compared with."""


def pictures_of(data: str, size: int, folder: Path) -> Images:
    """All images of the data as rows, written as PNG files for everybody to read."""
    kind = ImageKind(ImageOptions(size=size, channels=3))
    dataset = open_dataset(data, kind, registry=known_names(None))
    x, _ = dataset.batch(np.arange(len(dataset)), dataset.spec)
    rows = np.asarray(dataset.kind.rows(x, dataset.spec), np.uint8)
    target = folder / "pictures" / "all"
    if not target.exists():
        target.mkdir(parents=True)
        for number, row in enumerate(rows):
            Image.fromarray(row).save(target / f"{number:05d}.png")
    return rows


def run(racer: Racer, lap: Lap, environments: Path) -> str:
    """Let it train and draw, where it has not yet; what went wrong, or nothing."""
    folder = Path(lap.folder)
    if (folder / FACTS).exists():
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    python = interpreter(racer.toolkit, environments) if racer.toolkit else sys.executable
    command = [python, str(HERE / "racers" / racer.script), json.dumps(asdict(lap))]
    paths = [str(HERE), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "CUDA_VISIBLE_DEVICES": ""}
    with (folder / "log.txt").open("w") as log:
        done = subprocess.run(
            [*command, *racer.arguments], stdout=log, stderr=log, env=environment, check=False
        )
    if done.returncode == 0 and (folder / FACTS).exists():
        return ""
    lines = (folder / "log.txt").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"


def judged(name: str, samples: Images, judges: Sequence[Judge], folder: Path) -> dict[str, Score]:
    """Its scores, kept beside its samples."""
    path = folder / "scores.json"
    if not path.exists():
        print(f"judging {name}", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        scores = {judge.name: judge.score(samples) for judge in judges}
        path.write_text(json.dumps({key: asdict(score) for key, score in scores.items()}))
    return {key: Score(**score) for key, score in json.loads(path.read_text()).items()}


def race(options: argparse.Namespace, racers: Sequence[Racer], folder: Path) -> str:
    """Run, judge and draw; the table."""
    rows = pictures_of(options.data, options.size, folder)
    order = np.random.default_rng(0).permutation(len(rows))
    real, references = (
        rows[order[: options.count]],
        rows[order[options.count :][:REFERENCES]],
    )
    failures: dict[str, str] = {}
    for racer in racers:
        print(f"{racer.name} on {options.name}", file=sys.stderr)
        with tempfile.TemporaryDirectory() as scratch:
            lap = Lap(
                pictures=str(folder / "pictures"),
                size=options.size,
                seconds=60 * options.minutes,
                count=options.count,
                threads=options.threads,
                seed=options.seed,
                folder=str(folder / racer.slug),
                scratch=scratch,
            )
            if reason := run(racer, lap, options.environments):
                failures[racer.name] = reason
                print(f"{racer.name} failed: {reason}", file=sys.stderr)
    torch.set_num_threads(options.threads)
    judges = [Judge(name, references, folder) for name in JUDGES]
    results = [Result("the data", real, {}, judged("the data", real, judges, folder / "data"))]
    for racer in racers:
        if racer.name not in failures:
            results.append(_result(racer, judges, folder / racer.slug, options.count))
    picture(results, options.picture or folder / "picture.png")
    return table(results, failures)


def _result(racer: Racer, judges: Sequence[Judge], folder: Path, count: int) -> Result:
    with np.load(folder / SAMPLES) as archive:
        samples = archive["images"][:count]
    facts = json.loads((folder / FACTS).read_text())
    return Result(racer.name, samples, facts, judged(racer.name, samples, judges, folder))


def counted(threads: int) -> str:
    """So many threads, in words."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="a folder, an .npz file or a registered name")
    parser.add_argument("--name", help="what the data is called; by default the last of its path")
    parser.add_argument("--minutes", type=float, default=20.0, help="processor minutes of each")
    parser.add_argument("--rivals", default="", help="names with commas; by default all")
    parser.add_argument("--count", type=int, default=1000, help="samples of each")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--results", type=Path, default=cache_root() / "race")
    parser.add_argument("--environments", type=Path, default=cache_root() / "benchmarks")
    parser.add_argument("--table", type=Path, help="a document to write the table into")
    parser.add_argument("--picture", type=Path, help="where to draw; by default in --results")
    options = parser.parse_args()
    options.name = options.name or Path(options.data).stem
    racers = chosen(options.rivals)
    folder = options.results / f"{options.name}-{options.minutes:g}-{options.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    text = (
        f"{options.minutes:g} processor minutes each, {counted(options.threads)}, seed "
        f"{options.seed}, {options.count:,} samples; torch {torch.__version__}.\n\n"
    ) + race(options, racers, folder)
    print(text)
    if options.table:
        put(options.table, options.name, text)


if __name__ == "__main__":
    main()
