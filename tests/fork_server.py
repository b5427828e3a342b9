"""Forks a training process for each line on stdin, with everything imported already.

A line is JSON: the run's `out`, its `cache` and `data`, and `kill_after`, in how many seconds from
its beginning it gets SIGKILL (null: never), or `file_limit`, the greatest size of a file that it
may write. The answer is a line of JSON: the exit `code` and the `seconds` that it lived. Only its
parent kills a process, for only the parent knows that the process is still the one it was.
"""

import json
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

import torch
import torch._dynamo  # the first step of an optimiser imports it
from PIL import Image
from toy_objectives import genzoo_objectives
from toys import toy_registry

from genzoo.media import image  # noqa: F401
from genzoo.training.config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.start import resume_run, train_run

STEPS = 6
REFUSED = 3
"""Exit code of a run that ended with an error; it is then on stderr."""


def train(out, data):
    """Go on with the run in `out`, or begin it."""
    registry = toy_registry()
    registry.add_all(genzoo_objectives(), "genzoo-toy-objectives", "1")
    if (out / "run.json").exists():
        resume_run(out, registry)
        return
    training = TrainingConfig(
        steps=STEPS,
        batch_size=7,
        log_every=1,
        snapshot_every=3,
        checkpoint_every=2,
        keep_checkpoints=2,
        device="cpu",
        precision="fp32",
        tracker=("none",),
    )
    plan = RunPlan(architecture="toy-gan", data=DataConfig(data=data), training=training)
    train_run(plan, out, registry)


def live(request):
    """What the forked process does. Never returns."""
    try:
        os.environ["GENZOO_CACHE"] = request["cache"]
        if limit := request.get("file_limit"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        train(Path(request["out"]), request["data"])
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(REFUSED)
    os._exit(0)


def wait(process, kill_after):
    """Kill the child when its time is up, and return its exit code."""
    if kill_after is not None:
        # SIGCHLD is blocked, so it is kept even where it came before the wait for it.
        signal.sigtimedwait([signal.SIGCHLD], max(kill_after, 0.0))
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


def main():
    # One thread, now and later: of several, a fork takes one along.
    torch.set_num_threads(1)
    Image.init()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    for line in sys.stdin:
        request = json.loads(line)
        while signal.sigtimedwait([signal.SIGCHLD], 0):
            pass
        begun = time.monotonic()
        process = os.fork()
        if process == 0:
            live(request)
        code = wait(process, request.get("kill_after"))
        print(json.dumps({"code": code, "seconds": time.monotonic() - begun}), flush=True)


if __name__ == "__main__":
    main()
