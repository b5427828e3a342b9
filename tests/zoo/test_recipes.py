"""The recipes of the bundled models: a run becomes a model with its card and its record."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import genzoo

RECIPES = Path(__file__).parents[2] / "zoo" / "recipes"


def test_a_run_is_packed_measured_and_says_how_it_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(RECIPES))
    import evaluate_model
    import pack_model

    recipe = evaluate_model.Recipe("pixels", 16, ("kernel-distance",))
    for module in (pack_model, evaluate_model):
        monkeypatch.setattr(module, "MODELS", tmp_path / "models")
    monkeypatch.setattr(evaluate_model, "RECIPES", {"peeps": {"evaluation.json": recipe}})
    run = tmp_path / "run"
    options = {"steps": 2, "log_every": 1, "batch_size": 8, "size": 16, "tracker": ("none",)}
    genzoo.train("dcgan", "peeps", run, config={"width": 8}, **options)
    folder = pack_model.pack(run, "tiny", "A tiny GAN", None)

    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "genzoo train dcgan peeps --width 8 --batch-size 8" in card
    assert "genzoo evaluate --reproduce tiny/evaluation.json" in card
    assert json.loads((folder / "card.json").read_text())["architecture"] == "dcgan"
    assert genzoo.EvaluationRecord.read(folder / "evaluation.json").model.name == "tiny"
    config = json.loads((folder / "config.json").read_text())
    assert (config["dtype"], config["training"]["steps"]) == ("float16", 2)
    sys.modules.pop("pack_model")
    sys.modules.pop("evaluate_model")
