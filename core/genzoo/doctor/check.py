"""One question that the doctor asks of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding


@dataclass(frozen=True)
class Check:
    """A test of a run's health.

    Attributes:
        name: The name of what it finds.
        needs: Attributes of `Evidence` without which it cannot be made.
        find: Looks at the evidence; None where all is well.
        follows_from: Checks whose finding explains this one, so that it is not told as well.
    """

    name: str
    needs: tuple[str, ...]
    find: Callable[[Evidence], Finding | None]
    follows_from: tuple[str, ...] = ()
