"""Starting the processes of a world as `torchrun` does, without its time to start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from torch.distributed import TCPStore

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / name for name in ("core", "plugins", "zoo", "tests")]
TIMEOUT = 240.0


class Processes:
    """Processes that form a world. Leave the block, and they are gone.

    Args:
        command: What each runs, after `python`.
        size: How many there are.
        environment: Variables beside those of this process.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        size: int = 2,
        environment: dict[str, str] | None = None,
    ) -> None:
        # As torchrun does it, the store that they meet at is no process's own.
        self._store = TCPStore("127.0.0.1", 0, None, True, timedelta(seconds=60), False)
        shared = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, SOURCES)),
            "OMP_NUM_THREADS": "1",
            "TORCHELASTIC_USE_AGENT_STORE": "True",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(self._store.port),
            "WORLD_SIZE": str(size),
            "LOCAL_WORLD_SIZE": str(size),
            **(environment or {}),
        }
        self.all = [
            subprocess.Popen(
                [sys.executable, *map(str, command)],
                env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for rank in range(size)
        ]

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.all:
            process.kill()
            process.communicate()

    def finish(self, timeout: float = TIMEOUT) -> list[tuple[int, str, str]]:
        """Exit code, stdout and stderr of each, when all have ended."""
        spoken = [process.communicate(timeout=timeout) for process in self.all]
        return [
            (process.returncode, out, err)
            for process, (out, err) in zip(self.all, spoken, strict=True)
        ]


def run_world(
    command: Sequence[str | Path], size: int = 2, environment: dict[str, str] | None = None
) -> list[str]:
    """What each of `size` processes prints; all have to succeed."""
    with Processes(command, size, environment) as processes:
        ended = processes.finish()
    for code, _, err in ended:
        assert code == 0, "\n\n".join(err for _, _, err in ended)
    return [out for _, out, _ in ended]
