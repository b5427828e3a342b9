"""Running means of losses."""

from __future__ import annotations

import pytest
import torch

from genzoo.training.loss_meter import FOLD, Meter


@pytest.mark.parametrize("count", [1, FOLD - 1, FOLD, 2 * FOLD + 3])
def test_it_gives_the_mean_of_all_that_was_added(count: int) -> None:
    meter = Meter()
    for number in range(count):
        meter.add("loss", torch.tensor(float(number)))
    assert meter.read() == {"loss": pytest.approx((count - 1) / 2)}


def test_names_are_apart_and_keep_their_order() -> None:
    meter = Meter()
    meter.add("b", torch.tensor(1.0))
    meter.add("a", torch.tensor(2.0, dtype=torch.bfloat16))
    meter.add("b", torch.tensor(3.0))
    assert list(meter.read().items()) == [("b", 2.0), ("a", 2.0)]


def test_reading_begins_anew() -> None:
    meter = Meter()
    meter.add("loss", torch.tensor(5.0))
    meter.read()
    assert meter.read() == {}
    meter.add("loss", torch.tensor(7.0))
    assert meter.read() == {"loss": 7.0}


def test_it_holds_no_graph() -> None:
    weight = torch.ones((), requires_grad=True)
    meter = Meter()
    meter.add("loss", weight * 2)
    assert not any(value.requires_grad for value in meter._values["loss"])
