"""Learning by maximum likelihood, from the command line on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch

import genzoo
from genzoo.cli.main import main

TINY = ["--scales", "1", "--couplings", "2", "--width", "8", "--blocks", "1"]
COMMON = ["--size", "4", "--device", "cpu", "--precision", "fp32", "--batch-size", "32"]


def run(*arguments):
    assert not main([*map(str, arguments), "--quiet"], standalone_mode=False)


def metrics(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_registration_imports_no_torch():
    code = (
        "import sys, genzoo_flow, genzoo_flow.configs\n"
        "genzoo_flow.genzoo_architectures(), genzoo_flow.genzoo_objectives()\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize("conditional", [[], ["--conditional"]])
def test_a_resumed_run_ends_with_the_same_bits(noise_images, tmp_path, conditional):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    command = ["train", "realnvp", noise_images, *TINY, *COMMON, *conditional]
    run(*command, "--steps", 6, "-o", whole)
    run(*command, "--steps", 3, "-o", parts)
    run("train", "--resume", parts, "--steps", 6)
    ends = [path / "artifact" / "model.safetensors" for path in (whole, parts)]
    assert ends[0].read_bytes() == ends[1].read_bytes()


def test_a_saved_model_is_the_same_model(noise_images, tmp_path):
    result = genzoo.train(
        "realnvp",
        noise_images,
        tmp_path / "run",
        config={"scales": 1, "couplings": 2, "width": 8},
        size=4,
        steps=3,
        batch_size=16,
        device="cpu",
        precision="fp32",
    )
    first, second = (genzoo.load(result.artifact) for _ in range(2))
    assert torch.equal(first.sample(4), second.sample(4))
    norms = [key for key in first.state_dict() if key.endswith("initialised")]
    assert norms
    assert all(first.state_dict()[key] for key in norms)
    run("verify", result.artifact)


def test_noise_costs_8_bits_per_dimension_and_never_less(noise_images, tmp_path):
    """No model of 256 equally likely levels can do better; a flow comes close."""
    run(
        *("train", "realnvp", noise_images, *TINY, *COMMON),
        *("--steps", 200, "--learning-rate", 3e-3, "--log-every", 100, "-o", tmp_path / "run"),
    )
    assert 7.99 < metrics(tmp_path / "run")[-1]["likelihood/bits_per_dimension"] < 8.1


def test_the_objective_refuses_other_networks(noise_images, tmp_path):
    with pytest.raises(genzoo.CapabilityError, match="lacks flow"):
        genzoo.train("conv-vae", noise_images, tmp_path / "run", objective="likelihood")
