"""Which trackers a run has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from genzoo.containment import contained
from genzoo.errors import PluginError, UsageError
from genzoo.interfaces.run import RunDescription
from genzoo.interfaces.tracker import Tracker
from genzoo.records import TrackerSpec
from genzoo.registry import Registry, load_target

AUTOMATIC = "auto"
NONE = "none"


def choose_trackers(names: Sequence[str], registry: Registry) -> list[TrackerSpec]:
    """The trackers that a run's options name.

    Args:
        names: Trackers by name; `auto` for those that are used by themselves, `none` for none.
        registry: Where they are looked up.

    Raises:
        UsageError: There is no such tracker, or it needs a package that is not installed.
    """
    chosen: dict[str, TrackerSpec] = {}
    for name in names:
        if name == AUTOMATIC:
            chosen |= {
                full_name: entry.record
                for full_name, entry in registry.trackers.items()
                if entry.record.automatic and not _missing(entry.record)
            }
        elif name != NONE:
            entry = registry.trackers.find(name)
            if missing := _missing(entry.record):
                raise UsageError(
                    f"The tracker '{name}' needs {' and '.join(missing)}.",
                    f"Type: pip install {' '.join(missing)}",
                )
            chosen[entry.full_name] = entry.record
    return list(chosen.values())


def _missing(record: TrackerSpec) -> list[str]:
    return [module for module in record.requires if find_spec(module) is None]


class Trackers:
    """The trackers of one run. One that fails is reported once and then left out.

    Args:
        records: Which.
        run: The run that they follow.
        note: Tells the user.
    """

    def __init__(
        self, records: Sequence[TrackerSpec], run: RunDescription, note: Callable[[str], None]
    ) -> None:
        self._note = note
        self._trackers: dict[str, Tracker] = {}
        for record in records:
            self._guarded(record.name, partial(self._open, record, run))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Values by name at a step."""
        self._each(lambda tracker: tracker.scalars(step, values))

    def images(self, step: int, name: str, picture: NDArray[np.uint8]) -> None:
        """A picture (height, width, channels), uint8."""
        self._each(lambda tracker: tracker.images(step, name, picture))

    def close(self) -> None:
        """Let all write everything out."""
        self._each(lambda tracker: tracker.close())

    def _open(self, record: TrackerSpec, run: RunDescription) -> None:
        self._trackers[record.name] = load_target(record.target)(run)

    def _each(self, call: Callable[[Tracker], None]) -> None:
        for name, tracker in tuple(self._trackers.items()):
            self._guarded(name, partial(call, tracker))

    def _guarded(self, name: str, action: Callable[[], None]) -> None:
        try:
            with contained("it raised an error"):
                action()
        except PluginError as error:
            self._trackers.pop(name, None)
            self._note(f"The tracker {name} no longer follows this run: {error}")
