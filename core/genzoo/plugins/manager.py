"""The plugin manager: loads what is installed and survives what is broken."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Collection
from dataclasses import replace
from typing import Self

from genzoo.errors import PluginError
from genzoo.plugin_safety.plugin_errors import importing, time_limit
from genzoo.plugins.discovery import (
    Candidate,
    allowed_by_environment,
    blocked_by_environment,
    blocking_reason,
    import_plugin,
    names_of_none,
    needed_genzoo,
    normalise,
    patience,
    scan,
)
from genzoo.plugins.hook_rules import Hooks
from genzoo.plugins.hookspecs import hookimpl
from genzoo.plugins.plugin_status import PluginStatus, State, describe_failure
from genzoo.records import KindSpec
from genzoo.registry import Registry
from genzoo.version import __version__


class BuiltIn:
    """What genzoo itself registers, through the hooks that any plugin has."""

    @hookimpl
    def genzoo_kinds(self) -> list[KindSpec]:
        """Kinds of content that core needs itself."""
        return [
            KindSpec(
                name="image",
                summary="Square images, in colour or grey",
                target="genzoo.media.image_kind:ImageKind",
                config="genzoo.media.image_options:ImageOptions",
            )
        ]


class PluginManager:
    """The loaded plugins, what they registered, and what went wrong with the others.

    An object and no global, so that tests and applications can hold several with different plugins.

    Attributes:
        registry: Everything the loaded plugins registered.
        statuses: One per plugin that was found or added, and per distribution that is damaged.
        names_of_none: Names that were to be loaded or left out and that no installed plugin has.
    """

    def __init__(self) -> None:
        self.registry = Registry()
        self.statuses: list[PluginStatus] = []
        self.names_of_none: list[str] = []
        self._hooks = Hooks()
        self._register(BuiltIn(), "builtins", "genzoo", __version__)

    @classmethod
    def discover(
        cls, *, allow: Collection[str] | None = None, blocked: Collection[str] | None = None
    ) -> Self:
        """Load every installed plugin that may and can be loaded. Never raises for a plugin's sake.

        Args:
            allow: Distributions or entry points to load; by default those that the environment
                variable `GENZOO_PLUGINS` lists, and all where it is not set.
            blocked: Distributions or entry points to leave out; by default those that the
                environment variable `GENZOO_NO_PLUGINS` lists.
        """
        manager = cls()
        allow = allowed_by_environment() if allow is None else allow
        blocked = blocked_by_environment() if blocked is None else blocked
        candidates, damaged = scan()
        for candidate in candidates:
            manager._note(manager._load(candidate, allow, blocked))
        for one in damaged:
            reason = blocking_reason(one, allow, blocked)
            state: State = "blocked" if reason else "failed"
            manager._note(
                PluginStatus(one.distribution, one.version, "", state, reason or one.reason)
            )
        manager.names_of_none = names_of_none({*(allow or ()), *blocked}, [*candidates, *damaged])
        return manager

    def add(self, plugin: object, distribution: str = "local", version: str = "0") -> None:
        """Load a module or object that is at hand, as if `distribution` had brought it.

        Raises:
            PluginError: It breaks a rule; nothing of it stays registered.
        """
        distribution = normalise(distribution)
        name = getattr(plugin, "__name__", type(plugin).__name__)
        with importing("it does not load") as changed:
            registers = self._register(plugin, name, distribution, version)
        status = PluginStatus(distribution, version, name, "loaded", registers=registers)
        self._note(replace(status, changes=tuple(changed)))

    def _note(self, status: PluginStatus) -> None:
        self.statuses.append(status)
        if status.state != "loaded":
            self.registry.left_out.setdefault(status.distribution, status.reason)

    def _load(
        self, candidate: Candidate, allow: Collection[str] | None, blocked: Collection[str]
    ) -> PluginStatus:
        status = PluginStatus(
            candidate.distribution,
            candidate.version,
            candidate.entry.name,
            "blocked",
            blocking_reason(candidate, allow, blocked),
            target=candidate.entry.value,
        )
        if status.reason:
            return status
        if needs := needed_genzoo(candidate):
            reason = f"needs genzoo {needs}, this is {__version__}"
            return replace(status, state="incompatible", reason=reason, needs=needs)
        return self._attempt(candidate, status)

    def _attempt(self, candidate: Candidate, status: PluginStatus) -> PluginStatus:
        had_torch = "torch" in sys.modules
        started = time.perf_counter()
        changed: list[str] = []
        try:
            with importing("it does not load") as changed, time_limit(patience()):
                plugin = import_plugin(candidate)
                registers = self._register(plugin, status.name, status.distribution, status.version)
            status = replace(status, state="loaded", registers=registers)
        except PluginError as error:
            failure = describe_failure(error, candidate.package)
            status = replace(status, state="failed", reason=str(error), failure=failure)
        return replace(
            status,
            seconds=round(time.perf_counter() - started, 4),
            imports_torch="torch" in sys.modules and not had_torch,
            changes=tuple(changed),
        )

    def _register(
        self, plugin: object, name: str, distribution: str, version: str
    ) -> tuple[str, ...]:
        key = f"{distribution}:{name}"
        self._hooks.add(plugin, key)
        try:
            records = self._hooks.records(plugin)
            listeners = self._hooks.listeners(plugin, distribution)
            self.registry.add_all(records, distribution, version)
        except BaseException:
            self._hooks.remove(key)
            raise
        self.registry.listeners.extend(listeners)
        brought = [f"{record.what} {record.name}" for record in records]
        heard = [f"event {listener.event.removeprefix('genzoo_')}" for listener in listeners]
        return (*brought, *heard)


@functools.cache
def default_manager() -> PluginManager:
    """The manager of this process, with the installed plugins. Loaded once."""
    return PluginManager.discover()
