"""Measures a bundled model anew: `python zoo/recipes/evaluate_model.py NAME [--prior PRIOR]`.

Writes the records beside the model and their tables into its card. `--only FILE` measures one
record; the tables of the others stay.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from genzoo import EvaluationRecord, load
from genzoo.artifact.format import CARD, read_config
from genzoo.evaluation.card_section import evaluation_section, with_section
from genzoo.evaluation.evaluate import Plan, open_evaluation
from genzoo.evaluation.open_data import open_beside
from genzoo.evaluation.record import RECORD
from genzoo.evaluation.subject import Settings
from genzoo.media.find_kind import load_kind
from genzoo.plugins.manager import default_manager
from genzoo.records import KindSpec
from genzoo_zoo import MODELS

DATA = "peeps"


@dataclass(frozen=True)
class Recipe:
    """What goes into one record."""

    features: str
    count: int
    metrics: tuple[str, ...] = ()


RECIPES = {
    RECORD: Recipe("efficientnet-lite0", 5000),
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
    folder, registry = MODELS / name, default_manager().registry
    model = load(folder)
    config = read_config(folder)
    kind = load_kind(registry[KindSpec][config.kind], config.kind_options)
    data = open_beside(DATA, kind, model.sample_spec, registry)
    for file, recipe in RECIPES.items():
        if only in (None, file):
            evaluation = open_evaluation(
                model,
                data,
                Settings(recipe.count, prior=prior),
                Plan(recipe.metrics, recipe.features),
                registry,
            )
            evaluation.measure(name).save(folder / file)
    found = {
        file: EvaluationRecord.read(folder / file) for file in RECIPES if (folder / file).is_file()
    }
    card = folder / CARD
    text = with_section(card.read_text("utf-8"), evaluation_section(found, name))
    card.write_text(text, encoding="utf-8")
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
