"""Which trackers a run has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from genzoo.errors import PluginError, UsageError
from genzoo.interfaces.sound import Sound
from genzoo.interfaces.tracker import RunDescription, Tracker
from genzoo.plugin_safety.plugin_errors import contained
from genzoo.records import TrackerSpec
from genzoo.registry import Entry, Registry, load_target

AUTOMATIC = "auto"
NONE = "none"


def choose_trackers(names: Sequence[str], registry: Registry) -> list[Entry[TrackerSpec]]:
    """The trackers that a run's options name, each once.

    Args:
        names: Trackers by name; `auto` for those that are used by themselves, `none` for none.
        registry: Where they are looked up.

    Raises:
        UsageError: There is no such tracker, or it needs a package that is not installed.
    """
    chosen: dict[str, Entry[TrackerSpec]] = {}
    for name in names:
        if name == AUTOMATIC:
            chosen |= {
                full_name: entry
                for full_name, entry in registry[TrackerSpec].items()
                if entry.record.automatic and not _missing(entry.record)
            }
        elif name != NONE:
            entry = registry[TrackerSpec].find(name)
            if missing := _missing(entry.record):
                raise UsageError(
                    f"The tracker '{name}' needs {' and '.join(missing)}.",
                    f"Type: pip install {' '.join(missing)}",
                )
            chosen[entry.full_name] = entry
    return list(chosen.values())


def _missing(record: TrackerSpec) -> list[str]:
    return [module for module in record.requires if not _is_installed(module)]


def _is_installed(module: str) -> bool:
    try:
        # To find a submodule its package is imported, which can fail in any way.
        with contained(f"'{module}' does not import"):
            return find_spec(module) is not None
    except PluginError:
        return False


class Trackers:
    """The trackers of one run. One that fails is reported once and then left out.

    Args:
        entries: Which.
        run: The run that they follow.
        note: Tells the user.
    """

    def __init__(
        self,
        entries: Sequence[Entry[TrackerSpec]],
        run: RunDescription,
        note: Callable[[str], None],
    ) -> None:
        self._note = note
        self._trackers: dict[str, Tracker] = {}
        for entry in entries:
            self._guarded(entry.full_name, partial(self._open, entry, run))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Values by name at a step."""
        self._each(lambda tracker: tracker.scalars(step, dict(values)))

    def images(self, step: int, name: str, picture: NDArray[np.uint8]) -> None:
        """A picture (height, width, channels), uint8."""
        self._each(lambda tracker: tracker.images(step, name, picture.copy()))

    def sound(self, step: int, name: str, sound: Sound) -> None:
        """A sound, (frames, channels)."""
        copy = Sound(sound.values.copy(), sound.rate)
        self._each(lambda tracker: tracker.sound(step, name, copy))

    def close(self) -> None:
        """Let all write everything out. Further calls do nothing."""
        self._each(lambda tracker: tracker.close())
        self._trackers.clear()

    def _open(self, entry: Entry[TrackerSpec], run: RunDescription) -> None:
        tracker = load_target(entry.record.target)(run)
        if not isinstance(tracker, Tracker):
            raise PluginError(f"'{entry.record.target}' is not a genzoo.Tracker")
        self._trackers[entry.full_name] = tracker

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
