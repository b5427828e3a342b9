"""Makes a bundled model of a finished run: `python zoo/recipes/pack_model.py RUN NAME "SUMMARY"`.

The recipes of the bundled models:

    genzoo train convgan peeps --batch-size 32 --steps 12500 -o runs/peeps-gan
    genzoo train conv-vae peeps --width 24 --steps 6000 -o runs/peeps-vae
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from evaluate_model import evaluate_bundled

from genzoo import load
from genzoo.artifact.card import render_card
from genzoo.artifact.format import CARD, read_config
from genzoo.artifact.save import save_model
from genzoo.media.find_kind import load_kind
from genzoo.plugins.manager import default_manager
from genzoo.records import ArchitectureSpec, KindSpec, ObjectiveSpec
from genzoo.registry import Registry, load_target
from genzoo.training.begin_and_resume import CHANGEABLE
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import RunPlan
from genzoo_zoo import MODELS

LICENCE = "CC0-1.0"


def pack(run: Path, name: str, summary: str, prior: str | None) -> Path:
    """Write `models/NAME` from the run: half precision, measured, with its card.

    Returns:
        The folder written.
    """
    registry = default_manager().registry
    record = RunFolder(run).read_record()
    trained = read_config(run / "artifact")
    target = MODELS / name
    assert trained.objective is not None
    save_model(
        load(run),
        target,
        registry=registry,
        kind=trained.kind,
        kind_options=trained.kind_options,
        objective=trained.objective.name,
        objective_config=trained.objective.config,
        training=trained.training,
        preview_prior=prior,
        half=True,
        licence=LICENCE,
    )
    entry = registry[ArchitectureSpec].find(trained.architecture)
    config = read_config(target)
    kind = load_kind(registry[KindSpec][config.kind], config.kind_options)
    card = render_card(config, entry.record, kind, licence=LICENCE, preview=True)
    text = card + _origin(record.plan, run, trained.training, registry)
    (target / CARD).write_text(text.replace("PATH/TO/THIS/FOLDER", name), encoding="utf-8")
    fields = {
        "name": name,
        "summary": summary,
        "architecture": entry.record.name,
        "licence": LICENCE,
        "tags": ["faces", "64x64"],
    }
    (target / "card.json").write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
    return evaluate_bundled(name, prior)


def _origin(plan: RunPlan, run: Path, training: dict[str, object], registry: Registry) -> str:
    return (
        f"\n## How it was made\n\n```sh\n{_command(plan, training, registry)}\n```\n\n"
        f"About {_hours(run):.1f} hours on a two-core processor that did other work too, in "
        f"{training['precision']}, with interruptions: a rerun gives a like model, "
        "not the same bits. The weights are stored in half precision.\n\n"
        "The training images are drawn from Open Peeps by Pablo Stanley (CC0 1.0); "
        "the weights are CC0 1.0 as well.\n"
    )


def _command(plan: RunPlan, training: dict[str, object], registry: Registry) -> str:
    """The command that makes a like model: what is not said in it is a default."""
    architecture = registry[ArchitectureSpec].find(plan.architecture).record
    objective = registry[ObjectiveSpec].find(plan.objective or architecture.objective).record
    starting = load_target(objective.config)(**architecture.objective_defaults).model_dump()
    changed = plan.training.model_dump(exclude_defaults=True)
    options = {
        **plan.architecture_config,
        **{key: value for key, value in plan.objective_config.items() if starting[key] != value},
        **{key: value for key, value in changed.items() if key not in CHANGEABLE},
        "steps": training["steps"],
    }
    words = "".join(f" --{key.replace('_', '-')} {value}" for key, value in options.items())
    return f"genzoo train {architecture.name} {plan.data.data}{words}"


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
