"""Records as Markdown."""

import painters
import pytest
from bundled_metrics import manager_with_metrics

import genzoo
from genzoo.evaluation.card_section import evaluation_section, with_section


@pytest.fixture(scope="module")
def record():
    return genzoo.evaluate(
        painters.painted(painters.Painter()),
        painters.paintings(50, seed=5),
        count=1000,
        metrics=["frechet-distance", "memorisation"],
        features="pixels",
        registry=manager_with_metrics().registry,
    )


def test_a_section_says_protocol_numbers_and_warnings(record):
    text = evaluation_section({"evaluation.json": record}, "painting")
    assert text.startswith("## Evaluation\n\n1,000 samples (seed 0, prior default, truncation 1,")
    assert record.protocol.data.fingerprint in text
    assert "`genzoo/pixels` at 8 pixels, average pooling" in text
    value = record.values[0]
    assert f"| Fréchet distance | {value.text} | {value.interval} | lower |" in text
    assert "- 50 images of the data do not span 192 features" in text
    assert "`genzoo evaluate --reproduce painting/evaluation.json`" in text


def test_a_section_takes_the_place_of_the_old_one():
    card = "# Model\n\n## Use\n\ntext\n"
    once = with_section(card, "## Evaluation\n\nold\n")
    assert once == "# Model\n\n## Use\n\ntext\n\n## Evaluation\n\nold\n"
    assert with_section(once, "## Evaluation\n\nnew\n") == once.replace("old", "new")
    between = once + "\n## Licence\n\nfree\n"
    expected = between.replace("old", "new")
    assert with_section(between, "## Evaluation\n\nnew\n") == expected


def test_large_numbers_have_no_digits_after_the_point(record):
    value = record.values[0].model_copy(update={"value": -45853.2, "unit": "nats"})
    assert value.text == "-45,853 nats"
    assert value.model_copy(update={"value": 0.012345, "unit": ""}).text == "0.01235"
