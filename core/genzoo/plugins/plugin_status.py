"""What became of each installed plugin, and where its code failed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from genzoo.errors import PluginError
from genzoo.plugin_safety.plugin_errors import Place, one_line, place_in

State = Literal["loaded", "blocked", "incompatible", "failed"]


@dataclass(frozen=True)
class Failure:
    """How loading a plugin went wrong.

    Attributes:
        file: Where in its code; empty where that is not known.
        line: The line in that file.
        causes: The exceptions, each the cause of the one before it, e.g. `ValueError: no luck`.
        missing: The module that it imports and that is not installed; empty for other failures.
    """

    file: str = ""
    line: int = 0
    causes: tuple[str, ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class PluginStatus:
    """One plugin and how its loading went.

    Attributes:
        distribution: Distribution that declares it, normalised, e.g. `genzoo-flow`.
        version: That distribution's version.
        name: Name of its entry point; empty for a distribution whose metadata is damaged.
        state: `loaded`, `blocked` (by choice), `incompatible` (needs another genzoo) or `failed`.
        reason: Why it is not loaded; empty when it is.
        registers: What it brought, e.g. `architecture dcgan`.
        seconds: Time its import and hooks took.
        target: What its entry point names, e.g. `genzoo_flow` or `genzoo_flow:plugin`.
        needs: The versions of genzoo that it asks for, where they are not this one, e.g. `>=2`.
        imports_torch: Torch was first imported along with it, so that every command waits for it.
        changes: What it changed in the process while it was loaded, and what was then put back,
            e.g. `the working folder`.
        failure: How it failed.
    """

    distribution: str
    version: str
    name: str
    state: State
    reason: str = ""
    registers: tuple[str, ...] = ()
    seconds: float = 0.0
    target: str = ""
    needs: str = ""
    imports_torch: bool = False
    changes: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def title(self) -> str:
        """How to speak of it: `the plugin flow of genzoo-flow 1.0`."""
        owner = f"{self.distribution} {self.version}".rstrip()
        return f"the plugin {self.name} of {owner}" if self.name else f"the distribution {owner}"


class HookError(PluginError):
    """A hook's implementation that breaks the rules.

    Args:
        message: What is wrong.
        function: The implementation.
    """

    def __init__(self, message: str, function: Callable[..., object]) -> None:
        super().__init__(message)
        self.place = _place_of(function)


def describe_failure(error: PluginError, package: str) -> Failure:
    """What is known about `error`.

    Args:
        error: What loading a plugin raised.
        package: The plugin's top-level package.
    """
    chain = list(_chain(error.__cause__))
    place = error.place if isinstance(error, HookError) else None
    for link in reversed(chain):
        place = place or place_in(package, link)
    missing = [link.name for link in chain if isinstance(link, ModuleNotFoundError) and link.name]
    return Failure(
        file=place.file if place else "",
        line=place.line if place else 0,
        causes=tuple(map(one_line, chain)),
        missing=missing[-1] if missing else "",
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """`error`, what it was raised from or while handling, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _place_of(function: Callable[..., object]) -> Place | None:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if code else None
