"""`genzoo fit-prior` writes a model with one more prior, and touches nothing that is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import Result

import genzoo
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]
FIT = ("fit-prior", "tiny-vae", "stripes", "--prior", "toy-prior")


def test_a_prior_is_fitted_with_its_options_and_sampled_from(
    run: Run, manager: PluginManager
) -> None:
    result = run(*FIT, "--set", "scale=0.25", "-n", 30, "--seed", 4, "-o", "out", "--json")
    facts = json.loads(result.stdout)
    assert (facts["model"], facts["samples"], facts["of"], facts["seed"]) == ("out", 30, 40, 4)
    assert facts["config"] == {"scale": 0.25}
    model = genzoo.load("out", registry=manager.registry)
    before = genzoo.load("tiny-vae", registry=manager.registry)
    assert set(model.priors) == {"default", "shifted", "toy-prior"}
    assert model.prior("toy-prior").config.scale == 0.25
    assert model.prior("toy-prior").centre.abs().sum() > 0
    for name, value in before.state_dict().items():
        assert torch.equal(model.state_dict()[name], value)
    run("sample", "out", "-n", 4, "--prior", "toy-prior", "-o", "samples.npz")
    run("verify", "out")
    again = run("info", "out", "--json").stdout
    assert "toy-prior" in again


def test_the_same_seed_gives_the_same_prior_and_another_selection_another(
    run: Run, manager: PluginManager
) -> None:
    found = []
    for number, seed in enumerate((1, 1, 2)):
        run(*FIT, "-n", 20, "--seed", seed, "-o", f"out{number}", "-q")
        model = genzoo.load(f"out{number}", registry=manager.registry)
        found.append(model.prior("toy-prior").centre)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--set", "scal=1"], 2, "Did you mean scale"),
        (["--set", "scale"], 2, "sets nothing"),
        (["--set", "scale=-1"], 2, "scale"),
        (["-o", "taken"], 2, "is there already"),
    ],
)
def test_what_does_not_fit_is_refused_before_data_are_read(run: Run, arguments, code, text) -> None:
    Path("taken").mkdir()
    Path("taken/notes.txt").write_text("mine")
    result = run(*FIT, *arguments, code=code)
    assert text in result.stderr
    assert "Reading" not in result.stderr
    assert Path("taken/notes.txt").read_text() == "mine"


def test_a_model_that_cannot_encode_is_refused_in_words(run: Run) -> None:
    result = run("fit-prior", "tiny-gan", "stripes", "--prior", "toy-prior", code=2)
    assert "cannot encode" in result.stderr
