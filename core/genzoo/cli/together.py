"""A command that several processes run together, as torchrun starts them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from genzoo.cli.output import output

if TYPE_CHECKING:
    from genzoo.world import World


@contextmanager
def together() -> Iterator[World]:
    """The world that this process belongs to; only the process that leads it speaks.

    Raises:
        UsageError, WorldError: As `joined_world`.
    """
    from genzoo.world import joined_world

    with joined_world() as world:
        if not world.leads:
            output().quiet = True
        yield world
