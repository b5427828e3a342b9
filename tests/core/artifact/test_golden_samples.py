"""Golden samples notice what a person could see, and every number that is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from genzoo import SampleSpec
from genzoo.artifact.golden_samples import replay_golden, write_golden
from genzoo.artifact.load import load_model
from genzoo.artifact.save import save_model
from genzoo.artifact.tensors import load_tensors, save_tensors
from genzoo.model.build import build_model
from genzoo.model.model import Model
from genzoo.registry import Registry


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


def test_latents_are_replayed_from_the_samples_that_are_stored(
    golden: Path, toy_vae: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine makes slightly other ones, and an encoder may make much of that."""
    changed(golden, "samples", lambda samples: samples.mul_(0.999))
    stored, given = load_tensors(golden)[0], []

    def encode(x: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        given.append(x)
        return stored["encoded"]

    monkeypatch.setattr(toy_vae, "encode", encode)
    assert holds(golden, toy_vae)
    assert torch.equal(given[0], stored["samples"])


def test_golden_samples_are_those_of_the_weights_as_they_are_stored(
    registry: Registry, tmp_path: Path
) -> None:
    """Half precision rounds them by less than is tolerated, which is left for other machines."""
    model = build_model(registry, "toy-gan", SampleSpec(shape=(3, 8, 8)), {"width": 64}, seed=1)
    save_model(model, tmp_path / "a", registry=registry, half=True, preview=False)
    golden, _ = load_tensors(tmp_path / "a" / "test" / "golden.safetensors")
    stored = load_model(tmp_path / "a", registry).decode(golden["latents"])
    torch.testing.assert_close(golden["samples"], stored, rtol=0, atol=1e-6)
    assert (model.decode(golden["latents"]) - stored).abs().max() > 1e-5
