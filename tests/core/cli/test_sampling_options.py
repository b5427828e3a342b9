"""Options that the named model adds to the commands that make samples with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tunable
from click.testing import Result
from numpy.typing import NDArray

import genzoo
from genzoo import SampleSpec
from genzoo.artifact.save import save_model
from genzoo.model.build import build_model
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]


@pytest.fixture
def model(manager: PluginManager, tmp_path: Path) -> Path:
    manager.add(tunable, "genzoo-tunable", "1")
    built = build_model(manager.registry, "tunable", SampleSpec(shape=(3, 8, 8)), {}, seed=1)
    save_model(built, tmp_path / "made", registry=manager.registry, preview=False)
    return tmp_path / "made"


def images(run: Run, *arguments: object) -> NDArray[Any]:
    run(*arguments, "-o", "x.npz")
    with np.load("x.npz") as content:
        made: NDArray[Any] = content["images"].astype(float)
    Path("x.npz").unlink()
    return made


def shrinks(small: NDArray[Any], whole: NDArray[Any], factor: float) -> bool:
    """Whether values lie `factor` times as far from the middle, up to rounding."""
    return bool(np.abs((small - 127.5) - factor * (whole - 127.5)).max() <= 1)


def test_samples_are_made_by_the_options_of_the_model(run: Run, model: Path) -> None:
    plain = images(run, "sample", model, "-n", 4)
    assert shrinks(images(run, "sample", model, "-n", 4, "--strength", 0.25), plain, 0.5)
    assert shrinks(images(run, "sample", "--strength=0.25", model, "-n", 4), plain, 0.5)
    first = images(run, "sample", "--strength", 0.25, "-n1", model)
    assert shrinks(first, plain[:1], 0.5)
    mirrored = images(run, "sample", "-n", 4, "--mode", "mirrored", model)
    assert np.abs(mirrored - plain[:, :, ::-1]).max() <= 1


def test_walks_and_decoded_latents_are_too(run: Run, model: Path) -> None:
    plain = images(run, "interpolate", model, "--steps", 3)
    assert shrinks(images(run, "interpolate", model, "--steps", 3, "--strength", 0), plain, 0)
    z = genzoo.load(model).draw_latents(3).numpy()
    np.savez("latents.npz", latents=z)
    plain = images(run, "decode", model, "latents.npz")
    assert shrinks(images(run, "decode", model, "latents.npz", "--strength", 0.25), plain, 0.5)


def test_help_lists_them_with_the_values_that_the_model_has(run: Run, model: Path) -> None:
    shown = " ".join(run("sample", model, "--help").output.split())
    assert "--strength" in shown
    assert "default: 0.5; 0<=x<=1" in shown
    assert "--width" not in shown
    assert "--strength" not in run("sample", "--help").output
    run("sample", "no-such-model", "--help")


def test_other_options_are_refused(run: Run, model: Path) -> None:
    for name, option in ((model, "--width"), ("tiny-gan", "--strength")):
        refused = run("sample", name, option, 1, code=2).output
        assert f"No such option '{option}'" in refused
    assert "3.0 is not in the range" in run("sample", model, "--strength", 3, code=2).output
    mirror = run("sample", model, "--strength", 1, "--mode", "mirrored", code=2)
    assert "a mirror loses some strength" in mirror.output
    assert "no-such-model" in run("sample", "no-such-model", "--strength", 1, code=2).output


def test_an_evaluation_keeps_them_and_can_be_run_again(run: Run, model: Path) -> None:
    np.savez("data.npz", images=np.random.default_rng(0).integers(0, 256, (64, 8, 8, 3), np.uint8))
    measure = ("evaluate", model, "data.npz", "-n", 32, "--features", "pixels", "-o")
    run(*measure, "plain.json")
    run(*measure, "weak.json", "--strength", 0.25)
    plain, weak = (json.loads(Path(f"{name}.json").read_text()) for name in ("plain", "weak"))
    assert plain["model"]["sampling"] == {}
    assert weak["model"]["sampling"] == {"strength": 0.25}
    assert plain["values"] != weak["values"]
    again = run("evaluate", "--reproduce", "weak.json", "--json")
    assert all(row["holds"] for row in json.loads(again.stdout))
    refused = run("evaluate", model, "--reproduce", "weak.json", "--strength", 0.1, code=2)
    assert "leave out --strength" in refused.output


def test_a_record_cannot_smuggle_in_other_arguments(run: Run, model: Path) -> None:
    np.savez("data.npz", images=np.zeros((64, 8, 8, 3), np.uint8))
    run("evaluate", model, "data.npz", "-n", 32, "--features", "pixels", "-o", "plain.json")
    record = json.loads(Path("plain.json").read_text())
    record["model"]["sampling"] = {"batch_size": 1 << 40}
    Path("plain.json").write_text(json.dumps(record))
    refused = run("evaluate", "--reproduce", "plain.json", code=2)
    assert "no sampling option 'batch_size'" in refused.output
