"""A generator that is wrong in one way gets a worse number in the right metric."""

import painters
import pytest
import torch
from bundled_metrics import manager_with_metrics

import genzoo

COUNT = 600
TRAINING = 800


@pytest.fixture(scope="module")
def judged():
    """Records of the truth and of each damage, against the same data."""

    training = painters.paintings(TRAINING, seed=77)
    shown = torch.from_numpy(training).permute(0, 3, 1, 2).float() / 127.5 - 1
    generators = {
        "truth": painters.Painter(),
        "one-sided": painters.OneSided(),
        "noisy": painters.Noisy(),
        "copying": painters.Copying(shown),
    }
    registry = manager_with_metrics().registry
    return {
        name: genzoo.evaluate(
            painters.painted(generator), training, count=COUNT, features="pixels", registry=registry
        )
        for name, generator in generators.items()
    }


def number(record, name):
    (value,) = [value for value in record.values if value.name == name]
    return value


def test_the_truth_gets_good_numbers_and_no_warning_of_copies(judged):
    truth = judged["truth"]
    assert number(truth, "Precision").value > 0.9
    assert number(truth, "Recall").value > 0.9
    assert number(truth, "Density").value == pytest.approx(1, abs=0.1)
    assert number(truth, "Coverage").value > 0.9
    assert number(truth, "Kernel distance").low < 0.01
    nearer = number(truth, "Nearer than others")
    assert nearer.low < 0.5 < nearer.high or nearer.value == pytest.approx(0.5, abs=0.05)
    assert number(truth, "Copies").warnings == nearer.warnings == ()


def test_a_dropped_mode_costs_recall_and_coverage_but_not_precision(judged):
    truth, wrong = judged["truth"], judged["one-sided"]
    assert number(wrong, "Recall").value < 0.6
    assert number(wrong, "Coverage").value < 0.6
    assert number(wrong, "Precision").value == pytest.approx(
        number(truth, "Precision").value, abs=0.05
    )


def test_noise_costs_precision_and_density(judged):
    wrong = judged["noisy"]
    assert number(wrong, "Precision").value < 0.3
    assert number(wrong, "Density").value < 0.3


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        ("one-sided", "Fréchet distance"),
        ("one-sided", "Kernel distance"),
        ("noisy", "Fréchet distance"),
    ],
)
def test_distances_grow_by_more_than_chance(judged, damage, name):
    assert number(judged[damage], name).low > number(judged["truth"], name).high


def test_copying_is_flagged_though_everything_else_looks_well(judged):
    wrong = judged["copying"]
    assert number(wrong, "Precision").value > 0.97
    copies = number(wrong, "Copies")
    assert copies.value > 0.9
    assert "copies training images" in copies.warnings[0]
    assert number(wrong, "Nearer than others").value > 0.9
    for name in ("truth", "one-sided", "noisy"):
        assert not number(judged[name], "Copies").warnings, name


def test_held_out_images_take_the_place_of_training_images(values):

    training, held_out = painters.paintings(400, seed=7), painters.paintings(300, seed=8)
    record = genzoo.evaluate(
        painters.painted(painters.Painter()),
        training,
        count=300,
        features="pixels",
        metrics=["memorisation"],
        held_out=held_out,
        registry=manager_with_metrics().registry,
    )
    assert record.protocol.held_out.count == 300
    assert values(record)["Nearer than others"] == pytest.approx(0.5, abs=0.08)
