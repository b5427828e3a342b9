"""The model card: what it says is what was given, and no more than that."""

from __future__ import annotations

from pathlib import Path

import pytest

from genzoo.artifact.save import save_model
from genzoo.model.model import Model
from genzoo.registry import Registry


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("plain", "plain"),
        ("a|b", r"a\|b"),
        ("one\ntwo", "one two"),
        ("end |\n\n## Not a heading", r"end \|  ## Not a heading"),
    ],
)
def test_a_fact_of_the_training_stays_in_its_cell_of_the_table(
    toy_vae: Model, registry: Registry, tmp_path: Path, text: str, cell: str
) -> None:
    save_model(
        toy_vae, tmp_path / "a", registry=registry, preview=False, training={"made_from": text}
    )
    card = (tmp_path / "a" / "README.md").read_text("utf-8")
    assert f"| Made from | {cell} |" in card.splitlines()
