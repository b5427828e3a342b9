"""Forms of weights are made once in a loss, and never kept beyond it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from genzoo.fast_convolutions.algorithms import Direct, Winograd
from genzoo.fast_convolutions.autograd_functions import convolve
from genzoo.fast_convolutions.shared_weights import shared_weight, transform_weights_once


@pytest.fixture
def made(monkeypatch) -> list[Tensor]:
    """The weights of which Winograd's form was made."""
    weights = []
    transform = Winograd.transform_weight

    def noted(algorithm: Winograd, weight: Tensor, dtype: torch.dtype) -> Tensor:
        weights.append(weight)
        return transform(algorithm, weight, dtype)

    monkeypatch.setattr(Winograd, "transform_weight", noted)
    return weights


def run(weight: Tensor, x: Tensor) -> Tensor:
    return convolve(x, weight, None, Winograd(False))


def test_a_weight_is_taken_through_once_and_its_gradient_is_the_same(made) -> None:
    torch.manual_seed(0)
    weight = torch.randn(4, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    real, fake = torch.randn(2, 2, 3, 8, 8, dtype=torch.float64)

    def gradient() -> Tensor:
        loss = run(weight, real).square().sum() + run(weight, fake).abs().sum()
        return torch.autograd.grad(loss, weight)[0]

    alone = gradient()
    assert len(made) == 2
    with transform_weights_once():
        shared = gradient()
    assert len(made) == 3
    assert torch.equal(alone, shared)
    gradient()
    assert len(made) == 5


def test_a_weight_that_changed_is_taken_anew(made) -> None:
    weight, x = torch.randn(4, 3, 4, 4, requires_grad=True), torch.randn(1, 3, 4, 4)
    with transform_weights_once():
        before = run(weight, x)
        with torch.no_grad():
            weight.mul_(2)
        torch.testing.assert_close(run(weight, x), 2 * before)
    assert len(made) == 2


def test_weights_and_forms_are_told_apart(made) -> None:
    first, second = torch.randn(2, 3, 3, 4, 4)
    with transform_weights_once():
        run(first, torch.randn(1, 3, 4, 4))
        run(second, torch.randn(1, 3, 4, 4))
        convolve(torch.randn(1, 3, 4, 4), first, None, Winograd(True))
        run(first, torch.randn(1, 3, 4, 4).double())
        convolve(torch.randn(1, 3, 4, 4), first, None, Direct(False))
    assert [each is first for each in made] == [True, False, True, True]


def test_a_weight_made_for_one_use_is_no_other_later() -> None:
    with transform_weights_once():
        for value in range(50):
            weight = torch.full((1,), float(value))
            made = shared_weight(weight, "form", weight.clone)
            assert made.item() == value
            del weight, made


def test_nothing_is_kept_after_a_failure() -> None:
    weight = torch.ones(1)

    def fail() -> None:
        with transform_weights_once():
            shared_weight(weight, "form", weight.clone)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert shared_weight(weight, "form", lambda: weight + 1).item() == 2
