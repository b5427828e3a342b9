"""Telling plugins what happens in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from genzoo.containment import contained
from genzoo.errors import PluginError


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
    """The listeners of one run. One that fails is reported once and not called again.

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
            wanted = {name: facts[name] for name in listener.arguments}
            try:
                with contained(f"its {event} raised an error"):
                    listener.function(**wanted)
            except PluginError as error:
                self._listeners[event].remove(listener)
                self._note(
                    f"The plugin {listener.distribution} no longer hears of this run: {error}"
                )
