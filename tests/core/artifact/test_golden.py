"""Golden samples notice what a person could see, and every number that is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from genzoo.artifact.golden import replay_golden, write_golden
from genzoo.artifact.tensors import load_tensors, save_tensors
from genzoo.model.model import Model


@pytest.fixture
def golden(tmp_path: Path, toy_vae: Model) -> Path:
    path = tmp_path / "golden.safetensors"
    write_golden(path, toy_vae)
    return path


def holds(path: Path, model: Model) -> bool:
    return all(difference <= most for difference, most in replay_golden(path, model).values())


def changed(path: Path, name: str, change: Callable[[torch.Tensor], Any]) -> None:
    """Write the file anew with other values under a name."""
    tensors, notes = load_tensors(path)
    tensors = {key: value.clone() for key, value in tensors.items()}
    change(tensors[name])
    save_tensors(path, tensors, notes)


def test_the_tolerance_is_half_a_step_of_8_bits_and_a_hundredth_of_a_latent(
    golden: Path, toy_vae: Model
) -> None:
    spec = toy_vae.sample_spec
    found = replay_golden(golden, toy_vae)
    assert found["samples"] == (0.0, pytest.approx((spec.high - spec.low) / 255 / 2))
    assert found["encoded"] == (0.0, 0.01)


@pytest.mark.parametrize("name", ["samples", "encoded"])
@pytest.mark.parametrize(("share", "expected"), [(0.9, True), (1.1, False), (5.0, False)])
def test_one_value_beyond_the_tolerance_is_noticed_and_one_within_is_not(
    golden: Path, toy_vae: Model, name: str, share: float, expected: bool
) -> None:
    toy_vae.encode = lambda x, labels=None: load_tensors(golden)[0]["encoded"]  # type: ignore[method-assign, assignment, misc]
    stored = load_tensors(golden)[0][name].clone()
    most = replay_golden(golden, toy_vae)[name][1]
    if name == "encoded":
        toy_vae.encode = lambda x, labels=None: stored  # type: ignore[method-assign, assignment, misc]
    for sign in (1, -1):
        changed(
            golden, name, lambda values, sign=sign: values.view(-1)[-1].add_(sign * share * most)
        )
        assert holds(golden, toy_vae) == expected
        changed(golden, name, lambda values: values.copy_(stored))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_equals_nothing(golden: Path, toy_vae: Model, value: float) -> None:
    decode = toy_vae.decode

    def broken(*args: Any, **kwargs: Any) -> torch.Tensor:
        made = decode(*args, **kwargs).clone()
        made.view(-1)[3] = value
        return made

    toy_vae.decode = broken  # type: ignore[method-assign]
    difference, _ = replay_golden(golden, toy_vae)["samples"]
    assert difference > 1e300
    assert not holds(golden, toy_vae)
