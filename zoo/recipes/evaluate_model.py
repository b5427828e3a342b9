"""Measures a bundled model anew: `python zoo/recipes/evaluate_model.py NAME [--prior PRIOR]`.

Writes the records beside the model and their tables into its card. `--only FILE` measures one
record; the tables of the others stay.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from genzoo import EvaluationRecord, evaluate, load, write_evaluations
from genzoo_zoo import MODELS

DATA = "peeps"


@dataclass(frozen=True)
class Recipe:
    """What goes into one record."""

    features: str
    count: int
    metrics: tuple[str, ...] = ()


RECIPES = {
    "evaluation.json": Recipe("efficientnet-lite0", 5000),
    "evaluation-pixels.json": Recipe(
        "pixels",
        2000,
        ("kernel-distance", "precision-recall", "density-coverage", "memorisation"),
    ),
}
"""Records by their files: one to be believed, and one that any machine runs in a minute."""


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
    for file, recipe in RECIPES.items():
        if only in (None, file):
            found[file] = evaluate(
                model,
                DATA,
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
    parser.add_argument("--only", choices=list(RECIPES))
    options = parser.parse_args()
    print(evaluate_bundled(options.name, options.prior, options.only))


if __name__ == "__main__":
    main()
