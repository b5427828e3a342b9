"""Sounds are learned by two processes as by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from process_groups import run_processes

CASES = Path(__file__).parents[2] / "core" / "training" / "shared_runs.py"


def test_two_processes_learn_sounds_as_one_does() -> None:
    command = [CASES, json.dumps(["spec-vae with elbo"])]
    (found,) = map(json.loads, run_processes(command)[0].splitlines())
    assert found["spread"] == 0.0
    assert max(found["shares"].values()) < 1e-3
    for name in ("elbo/distortion", "elbo/rate"):
        assert found["measured"][name] == pytest.approx(found["expected"][name], rel=1e-4)
