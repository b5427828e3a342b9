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


SMALL = {
    "ddpm-unet": TINY,
    "flow-unet": {"width": 8, "sampling_steps": 4},
    "flow-dit": {"width": 32, "depth": 2, "sampling_steps": 4},
}


def train(data, out, steps, architecture="ddpm-unet", **options):
    return genzoo.train(
        architecture,
        data,
        out,
        config={**SMALL[architecture], **options.pop("config", {})},
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


@pytest.mark.parametrize("architecture", ["ddpm-unet", "flow-dit"])
def test_resumed_run_ends_with_the_same_bits(data, tmp_path, architecture):
    train(data, tmp_path / "whole", 7, architecture=architecture)
    train(data, tmp_path / "parts", 3, architecture=architecture)
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


@pytest.mark.parametrize(
    ("architecture", "guidance"),
    [("ddpm-unet", 2.0), ("flow-unet", 1.0)],
)
def test_learns_what_the_classes_look_like(data, tmp_path, architecture, guidance):
    config = {"guidance": guidance, "sampling_steps": 10}
    steps = 300 if architecture == "flow-unet" else 150
    result = train(data, tmp_path / "run", steps, architecture, ema=0.9, config=config)
    model = genzoo.load(result.artifact)
    dark = model.sample(8, labels=[0] * 8).mean(dim=(1, 2, 3))
    bright = model.sample(8, labels=[1] * 8).mean(dim=(1, 2, 3))
    assert dark.max() < -0.4
    assert bright.min() > 0.4


def test_samples_are_made_as_the_command_says(data, tmp_path):
    result = train(data, tmp_path / "run", 2)
    made = {}
    for name, options in {
        "plain": (),
        "euler": ("--sampler", "euler"),
        "heun": ("--sampler", "heun", "--sampling-steps", 7),
        "fresh": ("--eta", 1),
        "alone": ("--eta", 1, "--batch-size", 1),
    }.items():
        out = tmp_path / f"{name}.npz"
        command("sample", result.artifact, "-n", 4, "-o", out, *options)
        with np.load(out) as content:
            made[name] = content["images"].astype(int)
    assert np.abs(made["fresh"] - made["alone"]).max() <= 1
    names = ["plain", "euler", "heun", "fresh"]
    for number, one in enumerate(names):
        for other in names[:number]:
            assert np.abs(made[one] - made[other]).max() > 1, (one, other)


def test_other_generators_are_refused_before_anything_is_written(data, tmp_path):
    with pytest.raises(genzoo.CapabilityError, match="denoiser"):
        genzoo.train("dcgan", data, tmp_path / "run", objective="ddpm", steps=1, batch_size=16)
    assert not (tmp_path / "run").exists()
