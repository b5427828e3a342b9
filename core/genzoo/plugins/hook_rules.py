"""Whether a plugin keeps the rules of hooks, and what its hooks return."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pluggy

from genzoo.errors import PluginError, unknown_name
from genzoo.events import Listener
from genzoo.plugin_safety.plugin_errors import explained
from genzoo.plugins.hookspecs import EVENT_HOOKS, PROJECT, RECORD_HOOKS, EventHooks, RecordHooks
from genzoo.plugins.plugin_status import HookError
from genzoo.records import Record

MOST_RECORDS = 10_000
"""Records that one hook may return: more come from a mistake such as an endless generator."""


class Hooks:
    """The hooks of all plugins, with pluggy's holes closed.

    A plugin that breaks a rule is refused as a whole and leaves nothing behind.
    """

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._pluggy.add_hookspecs(RecordHooks)
        self._pluggy.add_hookspecs(EventHooks)

    def add(self, plugin: object, key: str) -> None:
        """Take a plugin in.

        Args:
            plugin: A module or object.
            key: Its name, `distribution:entry point`.

        Raises:
            PluginError: It breaks a rule.
        """
        with explained("it breaks the rules of hooks"):
            self._refuse_known(plugin, key)
            try:
                self._pluggy.register(plugin, key)
                self._check_hooks(plugin)
            except pluggy.PluginValidationError:
                self.remove(key)
                self._explain_arguments(plugin)
                raise
            except BaseException:
                self.remove(key)
                raise

    def remove(self, key: str) -> None:
        """Forget a plugin, however much of it was taken in."""
        if self._pluggy.has_plugin(key):
            self._pluggy.unregister(name=key)

    def records(self, plugin: object) -> list[Record]:
        """Ask a plugin for its records.

        Raises:
            PluginError: A hook fails, or returns something else.
        """
        records: list[Record] = []
        for hook in RECORD_HOOKS:
            for implementation in self._implementations(hook, plugin):
                with explained(f"{hook} raised an error"):
                    records += _checked(hook, implementation.function)
        return records

    def listeners(self, plugin: object, distribution: str) -> list[Listener]:
        """The plugin's implementations of event hooks."""
        return [
            Listener(event, distribution, implementation.function, implementation.argnames)
            for event in EVENT_HOOKS
            for implementation in self._implementations(event, plugin)
        ]

    def _refuse_known(self, plugin: object, key: str) -> None:
        if self._pluggy.has_plugin(key):
            distribution, _, name = key.partition(":")
            raise PluginError(f"{distribution} declares the plugin '{name}' twice")
        other = self._pluggy.get_name(plugin)
        if other is not None:
            raise PluginError(f"it is the same as the plugin {other}, which is loaded already")

    def _check_hooks(self, plugin: object) -> None:
        for caller in self._pluggy.get_hookcallers(plugin) or []:
            for implementation in _of(plugin, caller):
                if not caller.has_spec():
                    error = unknown_name("hook", caller.name, [*RECORD_HOOKS, *EVENT_HOOKS])
                    raise HookError(str(error), implementation.function)
                _refuse_unusual(caller.name, implementation)
        for hook in (*RECORD_HOOKS, *EVENT_HOOKS):
            function = getattr(plugin, hook, None)
            if inspect.isroutine(function) and not self._implementations(hook, plugin):
                raise HookError(f"{hook} is not marked with @genzoo.hookimpl", function)

    def _implementations(self, hook: str, plugin: object) -> list[pluggy.HookImpl]:
        return _of(plugin, getattr(self._pluggy.hook, hook))

    def _explain_arguments(self, plugin: object) -> None:
        """Raise a clearer error where the plugin asks for arguments that there are not."""
        for hook in (*RECORD_HOOKS, *EVENT_HOOKS):
            function = getattr(plugin, hook, None)
            if function is None:
                continue
            offered = getattr(self._pluggy.hook, hook).spec.argnames
            strange = [name for name in _arguments(function) if name not in offered]
            if strange:
                raise HookError(
                    f"{hook} asks for '{strange[0]}', which it is not given; "
                    f"it may ask for {', '.join(offered) or 'nothing'}",
                    function,
                )


def _of(plugin: object, caller: pluggy.HookCaller) -> list[pluggy.HookImpl]:
    return [one for one in caller.get_hookimpls() if one.plugin is plugin]


def _refuse_unusual(hook: str, implementation: pluggy.HookImpl) -> None:
    """Refuse what pluggy allows and genzoo would never run."""
    function = implementation.function
    if implementation.hookwrapper or implementation.wrapper:
        raise HookError(f"{hook} is a wrapper, which genzoo does not call", function)
    lazy = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    if lazy or (hook in EVENT_HOOKS and inspect.isgeneratorfunction(function)):
        raise HookError(f"{hook} must be an ordinary function, without async or yield", function)


def _arguments(function: Callable[..., object]) -> list[str]:
    """Names of the arguments without a default value."""
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.default is one.empty and one.name != "self"]


def _checked(hook: str, function: Callable[..., Any]) -> list[Record]:
    kind = RECORD_HOOKS[hook]
    returned = function()
    if not isinstance(returned, Iterable):
        raise HookError(
            f"{hook} returned a {type(returned).__name__} instead of several {kind.__name__}",
            function,
        )
    records = list(itertools.islice(returned, MOST_RECORDS + 1))
    if len(records) > MOST_RECORDS:
        raise HookError(f"{hook} returned more than {MOST_RECORDS:,} records", function)
    for record in records:
        if not isinstance(record, kind):
            raise HookError(
                f"{hook} returned a {type(record).__name__} where {kind.__name__} is due", function
            )
    return records
