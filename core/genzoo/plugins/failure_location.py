"""From an exception to what is known about a plugin's failure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

from genzoo.errors import PluginError
from genzoo.plugin_errors import Place, one_line, place_in
from genzoo.plugins.plugin_status import Failure


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
