"""Losses on logits against closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from genzoo_gan.losses import hinge, logistic, relativistic, squared_error

ZERO = torch.zeros(3)


def test_at_zero_logits() -> None:
    assert (logistic(ZERO) + logistic(-ZERO)).tolist() == pytest.approx([2 * math.log(2)] * 3)
    assert (hinge(ZERO) + hinge(-ZERO)).tolist() == [2.0] * 3
    assert (squared_error(ZERO, 1.0) + squared_error(ZERO, 0.0)).tolist() == [0.5] * 3
    assert relativistic(ZERO, ZERO).tolist() == pytest.approx([math.log(2)] * 3)


def test_logistic_is_the_surprise() -> None:
    logits = torch.tensor([-3.0, 0.5, 4.0])
    torch.testing.assert_close(logistic(logits), -torch.log(torch.sigmoid(logits)))


def test_hinge_is_flat_beyond_the_margin() -> None:
    assert hinge(torch.tensor([-1.0, 1.0, 5.0])).tolist() == [2.0, 0.0, 0.0]


def test_relativistic_pairs_row_with_row() -> None:
    real, fake = torch.tensor([1.0, 5.0]), torch.tensor([0.0, 7.0])
    expected = [math.log1p(math.exp(-1.0)), math.log1p(math.exp(2.0))]
    assert relativistic(real, fake).tolist() == pytest.approx(expected)


def test_saturated_logits_stay_finite() -> None:
    extreme = torch.tensor([-1e4, 1e4])
    assert logistic(extreme).tolist() == [1e4, 0.0]


def test_half_precision_logits_give_float32_losses() -> None:
    logits = torch.ones(2, dtype=torch.bfloat16)
    losses = (
        logistic(logits),
        relativistic(logits, logits),
        squared_error(logits, 1),
        hinge(logits),
    )
    assert {loss.dtype for loss in losses} == {torch.float32}
