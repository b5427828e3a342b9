"""Forks a training process for each line on stdin, with everything imported already.

A line is JSON: the run's `place`, a folder in which it has `run` and `cache`, its `data`, and maybe

- `training`: options of the training,
- `kill_after`: in how many seconds from its beginning it gets SIGKILL,
- `full_after`: how many files and folders can be made before the disk is full,
- `file_limit`: the greatest size of a file in bytes,
- `cut_at`: after which step the decoded data is cut short under it.

The answer is a line of JSON: the exit `code` and the `seconds` that it lived. What else there is
to say, it leaves in `report.json` in its place. Only its parent kills a process, for only the
parent knows that the process is still the one it was.
"""

import errno
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

from genzoo.media import image_kind  # noqa: F401
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.reporter import Reporter
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig

STEPS = 6
REFUSED = 3
"""Exit code of a run that ended with an error."""

TRAINING = {
    "steps": STEPS,
    "batch_size": 7,
    "log_every": 1,
    "snapshot_every": 3,
    "checkpoint_every": 2,
    "keep_checkpoints": 2,
    "device": "cpu",
    "precision": "fp32",
    "tracker": ("none",),
}


class Disk:
    """Counts what is made below a folder, and is full after so many of them.

    Python announces each file it opens and each folder it makes to audit hooks, and goes no further
    where a hook raises.
    """

    def __init__(self, folder, room):
        self.folder = str(folder)
        self.room = room
        self.made = 0
        self.watching = True
        sys.addaudithook(self._hear)

    def _hear(self, event, args):
        if not self.watching or event not in ("open", "os.mkdir"):
            return
        writes = event == "os.mkdir" or args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if not writes or not str(args[0]).startswith(self.folder):
            return
        self.made += 1
        if self.room is not None and self.made > self.room:
            raise OSError(errno.ENOSPC, "No space left on device", str(args[0]))


class Cutter(Reporter):
    """Cuts the decoded data short when a step is complete."""

    def __init__(self, cache, step):
        self.cache = cache
        self.step = step

    def stepped(self, step):
        if step == self.step:
            (rows,) = self.cache.rglob("rows.npy")
            os.truncate(rows, 0)


def train(out, data, training, reporter):
    """Go on with the run in `out`, or begin it."""
    registry = toy_registry()
    registry.add_all(genzoo_objectives(), "genzoo-toy-objectives", "1")
    if (out / "run.json").exists():
        resume_run(out, registry, reporter)
        return
    plan = RunPlan(
        architecture="toy-gan",
        data=DataConfig(data=data),
        training=TrainingConfig(**(TRAINING | training)),
    )
    train_run(plan, out, registry, reporter)


def live(request):
    """What the forked process does. Never returns."""
    place = Path(request["place"])
    os.environ["GENZOO_CACHE"] = str(place / "cache")
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    disk = Disk(place, request.get("full_after"))
    if limit := request.get("file_limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    reporter = Cutter(place / "cache", request.get("cut_at"))
    report, code = {}, 0
    try:
        train(place / "run", request["data"], request.get("training", {}), reporter)
    except Exception as error:
        code = REFUSED
        report = {
            "error": type(error).__name__,
            "message": str(error),
            "trace": traceback.format_exc(),
        }
    disk.watching = False
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    (place / "report.json").write_text(json.dumps(report | {"made": disk.made}))
    os._exit(code)


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
