"""Telling plugins what happens in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from genzoo.errors import PluginError
from genzoo.plugin_safety.plugin_errors import contained, place_in


@dataclass(frozen=True)
class Listener:
    """A plugin's implementation of an event hook.

    Attributes:
        event: Name of the hook, e.g. `genzoo_step_ended`.
        distribution: Who brought it.
        function: What to call.
        arguments: Names of the hook's arguments that it asks for.
    """

    event: str
    distribution: str
    function: Callable[..., object]
    arguments: tuple[str, ...]


class Events:
    """The listeners of one run. A plugin of which one fails is reported once, and hears no more.

    Args:
        listeners: Those of all events.
        note: Tells the user.
    """

    def __init__(self, listeners: Iterable[Listener], note: Callable[[str], None]) -> None:
        self._listeners: dict[str, list[Listener]] = {}
        for listener in listeners:
            self._listeners.setdefault(listener.event, []).append(listener)
        self._note = note

    def send(self, event: str, **facts: Any) -> None:
        """Call the listeners of `event` with the arguments that each asks for."""
        for listener in tuple(self._listeners.get(event, ())):
            try:
                with contained(f"its {event} raised an error"):
                    listener.function(**{name: _own(facts[name]) for name in listener.arguments})
            except PluginError as error:
                self._drop(listener.distribution)
                place = place_in(_package(listener.function), error.__cause__)
                self._note(
                    f"The plugin {listener.distribution} no longer hears of this run: {error}"
                    + (f" ({place})" if place else "")
                )

    def _drop(self, distribution: str) -> None:
        for event, listeners in self._listeners.items():
            self._listeners[event] = [one for one in listeners if one.distribution != distribution]


def _own(fact: Any) -> Any:
    """A fact that a listener may change without the next one seeing it."""
    return dict(fact) if isinstance(fact, Mapping) else fact


def _package(function: Callable[..., object]) -> str:
    return str(getattr(function, "__module__", "")).partition(".")[0]
