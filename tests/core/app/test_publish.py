"""Models that are saved again, after something was made of them."""

from __future__ import annotations

from pathlib import Path

from genzoo.app.publish import save_model
from genzoo.artifact.describe import describe
from genzoo.artifact.save import save_model as save_artifact
from genzoo.model.model import Model
from genzoo.registry import Registry


def test_what_is_said_of_the_training_goes_before_what_the_model_it_is_like_says(
    toy_vae: Model, registry: Registry, tmp_path: Path
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    facts = {"steps": 10, "data": "numbers"}
    save_artifact(toy_vae, first, registry=registry, preview=False, training=facts)
    save_model(toy_vae, again, like=first, training={"steps": 20}, preview=False, registry=registry)
    assert describe(again, registry).config.training == {"steps": 20, "data": "numbers"}
    save_model(toy_vae, again, like=first, preview=False, registry=registry)
    assert describe(again, registry).config.training == facts
