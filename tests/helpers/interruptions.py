"""A run that is stopped in the middle of everything, and goes on each time."""

import os
import signal
from contextlib import contextmanager

import pytest
import torch
from torch.nn.modules.module import register_module_forward_hook
from torch.optim.optimizer import register_optimizer_step_post_hook

from genzoo.training import checkpoint
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.reporter import Reporter

STEPS = 6
TRAINING = {
    "steps": STEPS,
    "log_every": 2,
    "snapshot_every": 3,
    "checkpoint_every": 2,
    "accumulate": 2,
    "device": "cpu",
    "precision": "fp32",
    "tracker": ("none",),
}


def interrupt(*_):
    """The second Ctrl-C, which does not wait for the end of the step."""
    raise KeyboardInterrupt


class After(Reporter):
    """Does something when a step is complete."""

    def __init__(self, step, action):
        self.step = step
        self.action = action

    def stepped(self, step):
        if step == self.step:
            self.action()


@contextmanager
def interrupted_backward():
    """The first backward pass is interrupted when it is half way."""

    def watch(module, args, output):
        if isinstance(output, torch.Tensor) and output.requires_grad:
            output.register_hook(interrupt)

    handle = register_module_forward_hook(watch)
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        handle.remove()


@contextmanager
def interrupted_between_phases(step):
    """After `step` steps one player, or one part, has moved once more and the next has not."""
    handles = []

    def arm():
        handles.append(register_optimizer_step_post_hook(interrupt))

    try:
        with pytest.raises(KeyboardInterrupt):
            yield After(step, arm)
    finally:
        for handle in handles:
            handle.remove()
    assert handles


@contextmanager
def interrupted_checkpoint():
    """The next checkpoint is interrupted after its first file."""
    save, written = checkpoint.save_tensors, []

    def save_once(path, tensors):
        if written:
            interrupt()
        written.append(path)
        save(path, tensors)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "save_tensors", save_once)
        with pytest.raises(KeyboardInterrupt):
            yield
    assert written


def press_ctrl_c():
    """The first Ctrl-C, which lets the step end and keeps it."""
    os.kill(os.getpid(), signal.SIGINT)


def train_with_interruptions(plan, out, registry):
    """Train to the last of `STEPS` steps, stopped in the middle of whatever a run does."""
    with interrupted_backward():
        train_run(plan, out, registry)
    assert resume_run(out, registry, After(3, press_ctrl_c)).interrupted
    with interrupted_between_phases(4) as reporter:
        resume_run(out, registry, reporter)
    with interrupted_checkpoint():
        resume_run(out, registry)
    result = resume_run(out, registry)
    assert (result.steps, result.interrupted) == (STEPS, False)
