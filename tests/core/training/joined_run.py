"""A training process of a group: `joined_run.py OUT DATA STEPS [EVENT RANK STEP]`.

Begins a run in OUT, or goes on with the one that is there. Prints what this process hears. The
event is `stop`, `fail` or `die`, in one process after a step.
"""

import os
import signal
import sys
from pathlib import Path

from toy_objectives import genzoo_objectives
from toys import toy_registry

from genzoo.distributed.process_group import ProcessGroup, joined_process_group
from genzoo.errors import GenzooError
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.reporter import Reporter
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig


def make_plan(data: str, **training: object) -> RunPlan:
    values = {
        "steps": 12,
        "batch_size": 8,
        "log_every": 2,
        "snapshot_every": 6,
        "checkpoint_every": 4,
        "sync_batch_norm": True,
        "accumulate": 2,
        "tracker": ("none",),
        "device": "cpu",
        "precision": "fp32",
    }
    return RunPlan(
        architecture="toy-gan",
        objective_config={"learning_rate": 1e-3},
        data=DataConfig(data=data, options={"size": 8}),
        training=TrainingConfig(**{**values, **training}),
    )


def make_registry():
    registry = toy_registry()
    registry.add_all(genzoo_objectives(), "genzoo-toy-objectives", "1")
    return registry


class Eventful(Reporter):
    """Says what it hears, and lets something happen."""

    def __init__(
        self, processes: ProcessGroup, event: str = "", rank: str = "-1", step: str = "-1"
    ) -> None:
        self.event = event if processes.rank == int(rank) else ""
        self.at = int(step)

    def decoding(self, done: int, total: int) -> None:
        print("decoding", flush=True)

    def checkpointed(self, step: int, path: Path) -> None:
        print("wrote", path.name, flush=True)

    def stepped(self, step: int) -> None:
        print("step", step, flush=True)
        if step != self.at:
            return
        if self.event == "stop":
            os.kill(os.getpid(), signal.SIGINT)
        if self.event == "fail":
            raise GenzooError("The toy broke.")
        if self.event == "die":
            os.kill(os.getpid(), signal.SIGKILL)


def main(out: str, data: str, steps: str, *event: str) -> None:
    registry, folder = make_registry(), Path(out)
    with joined_process_group() as processes:
        reporter = Eventful(processes, *event)
        goes_on = processes.share(folder.exists() if processes.is_main else None)
        if goes_on:
            result = resume_run(folder, registry, reporter, {"steps": int(steps)}, processes)
        else:
            plan = make_plan(data, steps=int(steps))
            result = train_run(plan, folder, registry, reporter, processes)
        print("ended", result.steps, result.interrupted)


if __name__ == "__main__":
    main(*sys.argv[1:])
