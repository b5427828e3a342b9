"""Codes are learned by two processes as by one, and so are patches, turned latents and noise."""

from __future__ import annotations

import json
from pathlib import Path

from process_groups import run_processes

CASES = Path(__file__).parents[2] / "core" / "training" / "shared_runs.py"
NAMES = ["vq-autoencoder with autoencoder", "kl-autoencoder with autoencoder, patches"]


def test_two_processes_train_autoencoders_as_one_does() -> None:
    found = [json.loads(line) for line in run_processes([CASES, json.dumps(NAMES)])[0].splitlines()]
    assert [each["case"] for each in found] == NAMES
    for each in found:
        assert each["spread"] == 0.0
        assert max(each["shares"].values()) < 1e-3, each["shares"]
        for name, value in each["expected"].items():
            if name.startswith(("autoencoder/", "discriminator/")):
                difference = abs(each["measured"][name] - value)
                assert difference <= 1e-3 * abs(value) + 1e-5, name
