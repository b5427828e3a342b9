"""Measures a bundled model anew: `python zoo/recipes/evaluate_model.py NAME [--prior PRIOR]`.

Writes the records beside the model and their tables into its card. `--only FILE` measures one
record; the tables of the others stay.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from genzoo import EvaluationRecord, evaluate, load, write_evaluations
from genzoo_zoo import MODELS


@dataclass(frozen=True)
class Recipe:
    """What goes into one record."""

    features: str
    count: int
    metrics: tuple[str, ...] = ()
    data: str = "peeps"
    held_out: str | None = None


RECIPES = {
    "peeps": {
        "evaluation.json": Recipe("efficientnet-lite0", 5000),
        "evaluation-pixels.json": Recipe(
            "pixels",
            2000,
            ("kernel-distance", "precision-recall", "density-coverage", "memorisation"),
        ),
    },
    "names": {
        "evaluation.json": Recipe(
            "token-ngrams",
            2000,
            ("frechet-distance", "kernel-distance", "novelty"),
            "names",
            "names-held-out",
        ),
        "evaluation-held-out.json": Recipe(
            "token-ngrams", 64, ("likelihood", "text-reconstruction"), "names-held-out"
        ),
    },
}
"""Records by the data that a model learned from and their files.

Of images one is to be believed, and one is what any machine runs in a minute. Of texts one is about
samples, and one about texts that the model has not seen.
"""


def evaluate_bundled(name: str, prior: str | None, only: str | None = None) -> Path:
    """Measure the model in `models/NAME` and write what was found beside it.

    Args:
        name: Name of the bundled model.
        prior: The prior that its samples are drawn from.
        only: The record to measure; by default all.

    Returns:
        The folder.
    """
    folder = MODELS / name
    model = load(folder)
    model.name = name
    found = {}
    trained_on = json.loads((folder / "config.json").read_text("utf-8"))["training"]["data"]
    for file, recipe in RECIPES[trained_on].items():
        if only in (None, file):
            found[file] = evaluate(
                model,
                recipe.data,
                held_out=recipe.held_out,
                metrics=recipe.metrics,
                features=recipe.features,
                count=recipe.count,
                prior=prior,
            )
        elif (folder / file).is_file():
            found[file] = EvaluationRecord.read(folder / file)
    write_evaluations(folder, found, name)
    return folder


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--prior")
    parser.add_argument("--only", metavar="FILE")
    options = parser.parse_args()
    print(evaluate_bundled(options.name, options.prior, options.only))


if __name__ == "__main__":
    main()
