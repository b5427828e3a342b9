"""Runs from beginning to end, through genzoo as its users call it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import genzoo
from conftest import TINY
from genzoo.cli.main import main


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Dark images of class 0 and bright ones of class 1."""
    labels = np.arange(64) % 2
    images = np.where(labels[:, None, None] == 0, 30, 225) + np.zeros((64, 16, 16))
    path = tmp_path_factory.mktemp("data") / "shades.npz"
    np.savez(path, images=images.astype(np.uint8), labels=labels)
    return path


def train(data, out, steps, **options):
    return genzoo.train(
        "ddpm",
        data,
        out,
        config={**TINY, **options.pop("config", {})},
        steps=steps,
        **{"conditional": True, "batch_size": 16, "precision": "fp32", "device": "cpu", **options},
    )


def command(*arguments):
    """Run `genzoo ARGUMENTS`; its output on stdout."""
    done = CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def contents(run):
    """Weights, optimiser and all else that the newest checkpoint and the model hold."""
    newest = max((run / "checkpoints").iterdir())
    files = [*newest.rglob("*.safetensors"), run / "artifact" / "model.safetensors"]
    return {path.relative_to(run): path.read_bytes() for path in files}


def test_resumed_run_ends_with_the_same_bits(data, tmp_path):
    train(data, tmp_path / "whole", 7)
    train(data, tmp_path / "parts", 3)
    before = contents(tmp_path / "parts")
    command("train", "--resume", tmp_path / "parts", "--steps", 7, "--tracker", "none")
    whole = contents(tmp_path / "whole")
    assert len(whole) > 1
    assert whole == contents(tmp_path / "parts")
    assert whole.keys() != before.keys()


def test_saved_model_gives_the_same_bits_and_verifies(data, tmp_path):
    result = train(data, tmp_path / "run", 2)
    first, second = genzoo.load(result.artifact), genzoo.load(result.artifact)
    assert torch.equal(first.sample(4, seed=9), second.sample(4, seed=9))
    assert json.loads(command("verify", result.artifact, "--json"))["ok"]


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_learns_what_the_classes_look_like(data, tmp_path, guidance):
    result = train(
        data, tmp_path / "run", 150, ema=0.9, config={"guidance": guidance, "sampling_steps": 10}
    )
    model = genzoo.load(result.artifact)
    dark = model.sample(8, labels=[0] * 8).mean(dim=(1, 2, 3))
    bright = model.sample(8, labels=[1] * 8).mean(dim=(1, 2, 3))
    assert dark.max() < -0.4
    assert bright.min() > 0.4


def test_other_generators_are_refused_before_anything_is_written(data, tmp_path):
    with pytest.raises(genzoo.CapabilityError, match="denoiser"):
        genzoo.train("dcgan", data, tmp_path / "run", objective="ddpm", steps=1, batch_size=16)
    assert not (tmp_path / "run").exists()
