"""Attributes that a classifier reads off features, where the truth is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from genzoo import UsageError
from genzoo_metrics.attributes import (
    Attributes,
    distance_of_shares,
    fit_classifier,
    labels_digest,
    shares,
)

VALUES = np.array(["blue", "green", "red"])


def features(numbers, seed, noise=0.3):
    """Rows around a corner for each value."""
    random = np.random.default_rng(seed)
    corners = np.random.default_rng(9).normal(size=(3, 12)) * 2
    return (corners[numbers] + random.normal(size=(len(numbers), 12)) * noise).astype(np.float32)


def subject(made, noise=0.3, attributes=None):
    there = np.arange(900) % 3
    return SimpleNamespace(
        real=features(there, 0, noise),
        fake=features(made, 1, noise),
        attributes={"colour": VALUES[there]} if attributes is None else attributes,
        progress=lambda *_: None,
    )


def measured(*args, **options):
    found = Attributes().measure(subject(*args, **options))
    return {estimate.name: estimate for estimate in found}


def test_shares_are_those_that_samples_were_made_with():
    made = np.array([0] * 300 + [1] * 100)
    found = measured(made)
    assert found["colour: accuracy"].interval.value > 0.99
    assert found["colour blue"].interval.value == pytest.approx(0.75, abs=0.01)
    assert found["colour red"].interval.value == pytest.approx(0.0, abs=0.01)
    assert found["colour red in the data"].interval.value == pytest.approx(1 / 3, abs=0.02)
    distance = found["colour: distance of shares"].interval
    assert distance.value == pytest.approx(0.75 - 1 / 3, abs=0.02)
    assert distance.low < distance.value < distance.high


def test_samples_like_the_data_are_at_no_distance():
    found = measured(np.arange(600) % 3)
    assert found["colour: distance of shares"].interval.value < 0.02


def test_what_cannot_be_told_is_said_beside_the_accuracy():
    found = measured(np.arange(600) % 3, noise=50.0)
    accuracy = found["colour: accuracy"]
    assert accuracy.interval.value < 0.6
    assert "of 'colour' is right about" in accuracy.warnings[0]


def test_labels_in_another_order_are_suspected():
    labels = np.random.default_rng(3).permutation(VALUES[np.arange(900) % 3])
    found = measured(np.arange(600) % 3, attributes={"colour": labels})
    (warning,) = found["colour: accuracy"].warnings
    assert warning.endswith("are the labels in the order of the data?")


def test_without_attributes_nothing_is_measured():
    assert Attributes().measure(subject(np.zeros(9, int), attributes={})) == []


def test_an_attribute_of_one_value_is_refused():
    with pytest.raises(UsageError, match="'hat' has 1 values"):
        Attributes().measure(subject(np.zeros(30, int), attributes={"hat": np.full(900, "none")}))


def test_the_classifier_is_the_minimum_of_its_loss():
    numbers = np.arange(300) % 3
    rows = features(numbers, 3, noise=1.0)
    found = fit_classifier(rows, numbers, 3, penalty=1e-2)
    weight, bias = (torch.tensor(x.numpy(), requires_grad=True) for x in (found.weight, found.bias))
    x = (torch.from_numpy(rows) - found.mean) / found.deviation
    loss = torch.nn.functional.cross_entropy(x @ weight.T + bias, torch.from_numpy(numbers))
    (loss + 1e-2 * weight.square().sum()).backward()
    assert weight.grad.abs().max() < 1e-3
    assert bias.grad.abs().max() < 1e-3


def test_distances_of_shares_are_total_variation():
    made = np.array([0, 0, 1, 1])
    assert shares(made, 3).tolist() == [0.5, 0.5, 0.0]
    value, without = distance_of_shares(made, np.array([0.0, 0.5, 0.5]))
    assert value == 0.5
    # Each group is one sample here: 1/3, 2/3 without one of the first, 2/3, 1/3 of the others.
    assert without.tolist() == pytest.approx([0.5, 0.5, 2 / 3, 2 / 3])


def test_other_labels_are_other_parameters():
    labels = {"colour": VALUES[np.arange(900) % 3]}
    one = Attributes().recorded(SimpleNamespace(attributes=labels))
    labels = {"colour": np.roll(labels["colour"], 1)}
    assert one["labels"] != labels_digest(labels)
    assert one["penalty"] == Attributes.parameters["penalty"]
