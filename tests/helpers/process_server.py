"""Forks the processes of a group for each line on stdin, with everything imported already.

A line is JSON: for each process its `command`, `environment`, and the files for its `out` and
`err`. A command is a script with its arguments, or `-m`, a module and the arguments. A process that
takes longer than `TIMEOUT` is ended. The answer is a line of JSON: the exit codes.
"""

import gc
import json
import os
import runpy
import signal
import sys
from pathlib import Path

import torch
import torch._dynamo  # the first step of an optimiser imports it
import torch.distributed.fsdp

from genzoo.cli import main as cli  # noqa: F401
from genzoo.evaluation import evaluate  # noqa: F401
from genzoo.media import image_kind  # noqa: F401
from genzoo.training import begin_and_resume  # noqa: F401
from genzoo_testing import runner  # noqa: F401

TIMEOUT = 240
"""Seconds that a process may take."""


def become(command):
    """Run a script or a module in place of this one."""
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        sys.path.insert(0, str(Path(command[0]).parent))
        runpy.run_path(command[0], run_name="__main__")


def live(process):
    """What a forked process does until its end, which is as any other's."""
    signal.alarm(TIMEOUT)
    os.environ.clear()
    os.environ.update(process["environment"])
    for number, path in ((0, os.devnull), (1, process["out"]), (2, process["err"])):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    become(process["command"])
    sys.exit()


def started(process):
    """The number of a process."""
    number = os.fork()
    if number == 0:
        live(process)
    return number


def main():
    # One thread, now and later: of several, a fork takes one along.
    torch.set_num_threads(1)
    gc.freeze()
    for line in sys.stdin:
        numbers = [started(process) for process in json.loads(line)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) for number in numbers]
        print(json.dumps(codes), flush=True)


if __name__ == "__main__":
    main()
