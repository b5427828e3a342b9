"""A command that several processes run together, as torchrun starts them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from genzoo.cli.printing import output

if TYPE_CHECKING:
    from genzoo.distributed.process_group import ProcessGroup


@contextmanager
def torchrun_processes() -> Iterator[ProcessGroup]:
    """The process group of this process; only rank 0 speaks.

    Raises:
        UsageError, ProcessGroupError: As `joined_process_group`.
    """
    from genzoo.distributed.process_group import joined_process_group

    with joined_process_group() as processes:
        if not processes.is_main:
            output().quiet = True
        yield processes
