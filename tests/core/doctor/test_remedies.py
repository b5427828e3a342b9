"""What the doctor proposes is not what the run has already."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from genzoo.doctor.finding import Finding
from genzoo.doctor.history import History

Find = Callable[..., Finding | None]


@pytest.fixture
def ailing(make_history: Callable[..., History], noise: Any) -> dict[str, dict[str, Any]]:
    """Evidence of each finding that a lower learning rate may mend."""
    far, real = 0.2 * noise(64), 0.8 + 0.2 * noise(64, 1)
    growing = make_history(elbo__loss=lambda share: math.exp(20 * share))
    gone = make_history(gan__loss=0.0)
    return {
        "exploding-loss": {"history": growing, "losses": {"decoder": ("elbo/loss",)}},
        "vanishing-loss": {"history": gone, "losses": {"generator": ("gan/loss",)}},
        "mode-collapse": {"samples": noise(1).expand(64, -1), "real": noise(64, 1)},
        "saturated-samples": {"samples": noise(64).round(), "real": noise(64, 1)},
        "distant-samples": {"samples": far, "real": real},
    }


@pytest.mark.parametrize(
    "name",
    ["exploding-loss", "vanishing-loss", "mode-collapse", "saturated-samples", "distant-samples"],
)
def test_a_learning_rate_that_was_lowered_is_not_to_be_lowered(
    name: str, found: Find, ailing: dict[str, dict[str, Any]]
) -> None:
    usual = found(name, **ailing[name])
    assert usual is not None
    assert "lower --learning-rate" in usual.remedy
    lowered = found(name, **ailing[name], in_force=frozenset({"lower-rate"}))
    assert lowered is not None
    assert "--learning-rate" not in lowered.remedy
    assert "another --objective" in lowered.remedy


def test_a_learning_rate_that_was_raised_is_not_to_be_raised(found: Find) -> None:
    usual = found("stalled", moved=0.0)
    raised = found("stalled", moved=0.0, in_force=frozenset({"higher-rate"}))
    assert usual is not None
    assert raised is not None
    assert "higher --learning-rate" in usual.remedy
    assert raised.remedy == "Start again with another --objective."


def test_a_run_that_streams_is_told_to_keep_what_it_decodes(
    found: Find, make_history: Callable[..., History]
) -> None:
    slow = make_history(data_share=0.8)
    usual = found("starved", history=slow)
    streamed = found("starved", history=slow, in_force=frozenset({"stream"}))
    assert usual is not None
    assert streamed is not None
    assert "--stream" not in usual.remedy
    assert "without --stream" in streamed.remedy


def test_numbers_that_may_be_names_need_not_fill_their_range(found: Find) -> None:
    """Text in bytes uses less than half of them."""
    real = 0.1 + 0.3 * torch.rand(64, 10)
    finding = found("narrow-data", real=real)
    assert finding is not None
    assert "image" not in finding.remedy
    assert found("narrow-data", real=real, named_values=True) is None
