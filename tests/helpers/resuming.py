"""A run that is stopped and resumed, beside one that is not."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import torch

from genzoo.registry import Registry
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import Checkpoint, read_newest
from genzoo.training.reporter import Reporter
from genzoo.training.training_config import RunPlan


class StopAt(Reporter):
    """Presses Ctrl-C when a step is complete."""

    def __init__(self, step: int) -> None:
        self.at = step

    def stepped(self, step: int) -> None:
        if step == self.at:
            os.kill(os.getpid(), signal.SIGINT)


def train_and_resume(plan: RunPlan, registry: Registry, folder: Path, stop: int) -> Checkpoint:
    """The last checkpoint of a run in `folder / whole`, equal to that of one stopped at `stop`."""
    whole, parted = folder / "whole", folder / "parted"
    train_run(plan, whole, registry)
    assert train_run(plan, parted, registry, StopAt(stop)).interrupted
    resume_run(parted, registry)
    (first, _), (second, _) = (read_newest(run / "checkpoints") for run in (whole, parted))
    assert first.tensors.keys() == second.tensors.keys()
    for group, tensors in first.tensors.items():
        assert tensors.keys() == second.tensors[group].keys()
        for name, tensor in tensors.items():
            assert torch.equal(tensor, second.tensors[group][name]), f"{group}/{name}"
    return first


def logged(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's log."""
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
