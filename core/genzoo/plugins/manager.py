"""The plugin manager: loads what is installed and survives what is broken."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Collection, Iterable
from typing import Any, Self

import pluggy

import genzoo
from genzoo.containment import contained
from genzoo.errors import PluginError, unknown_name
from genzoo.events import Listener
from genzoo.plugins import builtins
from genzoo.plugins.hookspecs import PROJECT, EventHooks, RecordHooks
from genzoo.plugins.loader import (
    Candidate,
    allowed_by_environment,
    blocking_reason,
    find_candidates,
    import_plugin,
    incompatibility,
    normalise,
)
from genzoo.plugins.status import PluginStatus, State
from genzoo.records import (
    ArchitectureSpec,
    CommandSpec,
    DatasetSpec,
    FeatureSpec,
    KindSpec,
    MetricSpec,
    ModelSpec,
    ObjectiveSpec,
    PriorSpec,
    Record,
    TrackerSpec,
)
from genzoo.registry import Registry

RECORD_HOOKS: dict[str, type[Record]] = {
    "genzoo_architectures": ArchitectureSpec,
    "genzoo_objectives": ObjectiveSpec,
    "genzoo_priors": PriorSpec,
    "genzoo_datasets": DatasetSpec,
    "genzoo_models": ModelSpec,
    "genzoo_kinds": KindSpec,
    "genzoo_metrics": MetricSpec,
    "genzoo_features": FeatureSpec,
    "genzoo_trackers": TrackerSpec,
    "genzoo_commands": CommandSpec,
}

EVENT_HOOKS = tuple(name for name in vars(EventHooks) if name.startswith("genzoo_"))


class PluginManager:
    """The loaded plugins, what they registered, and what went wrong with the others.

    An object and no global, so that tests and applications can hold several with different plugins.

    Attributes:
        registry: Everything the loaded plugins registered.
        statuses: One per plugin that was found or added.
    """

    def __init__(self) -> None:
        self.registry = Registry()
        self.statuses: list[PluginStatus] = []
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._pluggy.add_hookspecs(RecordHooks)
        self._pluggy.add_hookspecs(EventHooks)
        self._register(builtins, "builtins", "genzoo", genzoo.__version__)

    @classmethod
    def discover(
        cls, *, allow: Collection[str] | None = None, blocked: Collection[str] = ()
    ) -> Self:
        """Load every installed plugin that may and can be loaded. Never raises for a plugin's sake.

        Args:
            allow: Distributions or entry points to load; by default those that the environment
                variable `GENZOO_PLUGINS` lists, and all where it is not set.
            blocked: Distributions or entry points to leave out.
        """
        manager = cls()
        wanted = allowed_by_environment() if allow is None else allow
        for candidate in find_candidates():
            manager.statuses.append(manager._load(candidate, wanted, blocked))
        return manager

    def add(self, plugin: object, distribution: str = "local", version: str = "0") -> None:
        """Load a module or object that is at hand, as if `distribution` had brought it.

        Raises:
            PluginError: It breaks a rule; nothing of it stays registered.
        """
        distribution = normalise(distribution)
        name = getattr(plugin, "__name__", type(plugin).__name__)
        registers = self._register(plugin, name, distribution, version)
        self.statuses.append(
            PluginStatus(distribution, version, name, "loaded", registers=registers)
        )

    def _load(
        self, candidate: Candidate, allow: Collection[str] | None, blocked: Collection[str]
    ) -> PluginStatus:
        state: State = "blocked"
        registers: tuple[str, ...] = ()
        started = time.perf_counter()
        reason = blocking_reason(candidate, allow, blocked)
        if not reason:
            state, reason = "incompatible", incompatibility(candidate)
        if not reason:
            state, reason, registers = self._attempt(candidate)
        return PluginStatus(
            candidate.distribution,
            candidate.version,
            candidate.entry.name,
            state,
            reason,
            registers,
            round(time.perf_counter() - started, 4),
        )

    def _attempt(self, candidate: Candidate) -> tuple[State, str, tuple[str, ...]]:
        distribution, version = candidate.distribution, candidate.version
        try:
            plugin = import_plugin(candidate)
            registers = self._register(plugin, candidate.entry.name, distribution, version)
        except PluginError as error:
            return "failed", str(error), ()
        return "loaded", "", registers

    def _register(
        self, plugin: object, name: str, distribution: str, version: str
    ) -> tuple[str, ...]:
        key = f"{distribution}:{name}"
        if self._pluggy.has_plugin(key):
            raise PluginError(f"{distribution} declares the plugin '{name}' twice")
        try:
            with contained("it breaks the rules of hooks"):
                self._pluggy.register(plugin, key)
            self._check_hooks(plugin)
            records = [record for hook in RECORD_HOOKS for record in self._call(hook, plugin)]
            self.registry.add_all(records, distribution, version)
            self.registry.listeners.extend(self._listeners(plugin, distribution))
        except BaseException:
            # pluggy before 1.8 keeps a plugin that it refused.
            if self._pluggy.has_plugin(key):
                self._pluggy.unregister(name=key)
            raise
        return tuple(f"{record.what} {record.name}" for record in records)

    def _check_hooks(self, plugin: object) -> None:
        for caller in self._pluggy.get_hookcallers(plugin) or []:
            if not caller.has_spec():
                known = [*RECORD_HOOKS, *EVENT_HOOKS]
                raise PluginError(str(unknown_name("hook", caller.name, known)))
        for hook in (*RECORD_HOOKS, *EVENT_HOOKS):
            present = inspect.isroutine(getattr(plugin, hook, None))
            if present and not self._implementations(hook, plugin):
                raise PluginError(f"{hook} is not marked with @genzoo.hookimpl")

    def _implementations(self, hook: str, plugin: object) -> list[pluggy.HookImpl]:
        found: list[pluggy.HookImpl] = getattr(self._pluggy.hook, hook).get_hookimpls()
        return [implementation for implementation in found if implementation.plugin is plugin]

    def _call(self, hook: str, plugin: object) -> list[Record]:
        records: list[Record] = []
        for implementation in self._implementations(hook, plugin):
            with contained(f"{hook} raised an error"):
                records += _checked(hook, implementation.function())
        return records

    def _listeners(self, plugin: object, distribution: str) -> list[Listener]:
        return [
            Listener(event, distribution, implementation.function, implementation.argnames)
            for event in EVENT_HOOKS
            for implementation in self._implementations(event, plugin)
        ]


def _checked(hook: str, returned: Any) -> list[Record]:
    kind = RECORD_HOOKS[hook]
    if not isinstance(returned, Iterable):
        raise PluginError(
            f"{hook} returned a {type(returned).__name__} instead of several {kind.__name__}"
        )
    records = list(returned)
    for record in records:
        if not isinstance(record, kind):
            raise PluginError(
                f"{hook} returned a {type(record).__name__} where {kind.__name__} is due"
            )
    return records


@functools.cache
def default_manager() -> PluginManager:
    """The manager of this process, with the installed plugins. Loaded once."""
    return PluginManager.discover()
