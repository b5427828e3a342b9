"""The numbers on the cards of the bundled models are those of their records, and hold."""

import json

import pytest

from genzoo import EvaluationRecord
from genzoo.evaluation.card_section import evaluation_section
from genzoo.plugins.manager import PluginManager
from genzoo_zoo import MODELS

REGISTRY = PluginManager.discover().registry
FOLDERS = {folder.name: folder for folder in sorted(MODELS.iterdir()) if folder.is_dir()}
RECORDS = [
    (name, path.name)
    for name, folder in FOLDERS.items()
    for path in sorted(folder.glob("evaluation*.json"))
]


def test_some_model_is_measured():
    assert RECORDS


@pytest.mark.parametrize(("name", "file"), RECORDS)
def test_a_card_shows_its_records(name, file):
    import genzoo
    import genzoo_zoo
    from genzoo.evaluation.evaluate import weights_hash

    counts = {one.name: one.count for one in genzoo_zoo.genzoo_datasets()}
    record = EvaluationRecord.read(FOLDERS[name] / file)
    card = (FOLDERS[name] / "README.md").read_text("utf-8")
    section = evaluation_section({file: record}, name).partition("\n\n")[2]
    assert section in card
    assert record.model.weights == weights_hash(genzoo.load(name, registry=REGISTRY))
    assert record.protocol.data.count == counts[record.protocol.data.name]


@pytest.mark.slow
def test_the_numbers_of_a_bundled_model_are_reproduced():
    from click.testing import CliRunner

    from genzoo.cli.main import main

    arguments = ["evaluate", "--reproduce", "peeps-vae/evaluation-pixels.json", "--json"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert {row["name"] for row in rows} >= {"Precision", "Recall", "Coverage", "Copies"}
    assert all(row["holds"] for row in rows)
