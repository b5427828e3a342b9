"""What code may change in a process, taken down before it runs and put back after it.

A plugin is imported into the process of its user and of all other plugins. What it sets there for
itself, such as torch's default dtype, it would set for them too.
"""

from __future__ import annotations

import _locale
import _signal  # type: ignore[import-not-found]
import builtins
import contextlib
import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, NamedTuple

from genzoo.plugin_safety.library_state import (
    numpy_errors,
    numpy_random,
    python_random,
    set_numpy_errors,
    set_numpy_random,
    set_python_random,
    set_torch_modes,
    set_torch_random,
    set_torch_threads,
    torch_modes,
    torch_random,
    torch_threads,
)


class Setting(NamedTuple):
    """Something of a process that code can change.

    Attributes:
        name: What it is called in messages; empty for what every import may change.
        read: What it is now.
        write: Makes it what `read` returned.
    """

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], None]


@contextlib.contextmanager
def kept(settings: Iterable[Setting]) -> Iterator[list[str]]:
    """Put `settings` back when the block ends, however it ends.

    Yields:
        A list that names those which had to be put back, once the block has ended.
    """
    before = [(setting, setting.read()) for setting in settings]
    changed: list[str] = []
    try:
        yield changed
    finally:
        for setting, value in before:
            # What cannot be put back, such as a working folder that is gone, keeps none from it.
            with contextlib.suppress(Exception):
                if setting.read() != value:
                    setting.write(value)
                    changed.extend([setting.name] * bool(setting.name))


# The environment and the system.


def _variables() -> tuple[Any, dict[str, str]]:
    return os.environ, dict(os.environ)


def _set_variables(before: tuple[Any, dict[str, str]]) -> None:
    variables, values = before
    vars(os)["environ"] = variables
    for name in variables.keys() - values.keys():
        del variables[name]
    for name, value in values.items():
        if variables.get(name) != value:
            variables[name] = value


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None


def _locale_now() -> str:
    return _locale.setlocale(_locale.LC_ALL, None)


def _set_locale(before: str) -> None:
    _locale.setlocale(_locale.LC_ALL, before)


def _umask() -> int:
    # It can be read by setting it alone.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _set_umask(before: int) -> None:
    os.umask(before)


# Signals. Only the main thread may set them.


_SIGNALS = tuple(int(number) for number in _signal.valid_signals())


def _handlers() -> dict[int, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}
    # The module `signal` makes enumerations of the numbers, which takes a hundred times as long.
    return {number: _signal.getsignal(number) for number in _SIGNALS}


def _set_handlers(before: dict[int, Any]) -> None:
    for number, handler in before.items():
        # None: set by something other than Python, which Python cannot set again.
        if handler is not None and _signal.getsignal(number) != handler:
            _signal.signal(number, handler)


def _blocked_signals() -> set[int]:
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, ())) if os.name == "posix" else set()


def _set_blocked_signals(before: set[int]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


# The import system.


def _path() -> tuple[list[str], list[str]]:
    return sys.path, list(sys.path)


def _set_path(before: tuple[list[str], list[str]]) -> None:
    now, (sys.path, folders) = list(sys.path), before
    # A package such as setuptools brings others in a folder of its own, and needs them later.
    inside = tuple(f"{folder}{os.sep}" for folder in folders if folder)
    stays = [one for one in now if one not in folders and str(one).startswith(inside)]
    sys.path[:] = [*folders, *stays]


def _finders() -> tuple[list[Any], list[Any]]:
    return list(sys.meta_path), list(sys.path_hooks)


def _set_finders(before: tuple[list[Any], list[Any]]) -> None:
    finders: tuple[list[Any], ...] = (sys.meta_path, sys.path_hooks)
    for now, ours in zip(finders, before, strict=True):
        # Those that packages such as six add find what nobody else does.
        now[:] = [*ours, *(one for one in now if one not in ours)]


def _modules() -> tuple[dict[str, Any], dict[str, Any]]:
    return sys.modules, dict(sys.modules)


def _set_modules(before: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Bring back what was removed or replaced. What was added stays: imports add modules."""
    sys.modules, known = before
    for name, module in known.items():
        if sys.modules.get(name) is not module:
            sys.modules[name] = module
    for name in sys.modules.keys() - known.keys():
        if "." not in name and _is_false(name, sys.modules[name]):
            del sys.modules[name]


def _is_false(name: str, module: Any) -> bool:
    """Whether it only goes by the name of a module that can be imported."""
    if getattr(getattr(module, "__spec__", None), "name", None) == name:
        return False
    return name in sys.stdlib_module_names or PathFinder.find_spec(name) is not None


# The interpreter.

_SYS = ("argv", "displayhook", "excepthook", "unraisablehook", "dont_write_bytecode")


def _interpreter() -> tuple[Any, ...]:
    hooks = [list(value) if isinstance(value := getattr(sys, n), list) else value for n in _SYS]
    limits = sys.getrecursionlimit(), sys.getswitchinterval(), gc.isenabled()
    return (hooks, limits, sys.gettrace(), sys.getprofile(), threading.excepthook)


def _set_interpreter(before: tuple[Any, ...]) -> None:
    hooks, (recursion, interval, collecting), trace, profile, thread_hook = before
    for name, value in zip(_SYS, hooks, strict=True):
        setattr(sys, name, value)
    sys.setrecursionlimit(recursion)
    sys.setswitchinterval(interval)
    (gc.enable if collecting else gc.disable)()
    sys.settrace(trace)
    sys.setprofile(profile)
    threading.excepthook = thread_hook


def _set_builtins(before: dict[str, Any]) -> None:
    # Some, such as `_` of gettext, are added to be found there.
    vars(builtins).update(before)


def _warning_filters() -> tuple[list[Any], Any]:
    return list(warnings.filters), warnings.showwarning


def _set_warning_filters(before: tuple[list[Any], Any]) -> None:
    # The way to change the list that Python offers, which also tells its cache.
    warnings.resetwarnings()
    filters: Any = warnings.filters
    filters[:], warnings.showwarning = before


def _logging() -> tuple[int, list[Any], int]:
    logging: Any = sys.modules.get("logging")
    if not hasattr(logging, "root"):
        return 30, [], 0  # As it is after its import: warnings and worse, for no handler.
    root = logging.root
    return root.level, list(root.handlers), root.manager.disable


def _set_logging(before: tuple[int, list[Any], int]) -> None:
    root: Any = sys.modules["logging"].root
    level, root.handlers[:], root.manager.disable = before
    root.setLevel(level)


CALL = (
    Setting("torch's default dtype, device or modes", torch_modes, set_torch_modes),
    Setting("the working folder", _working_folder, lambda before: os.chdir(before or ".")),
)
"""What no call into a plugin changes."""

IMPORT = (
    *CALL,
    Setting("environment variables", _variables, _set_variables),
    Setting("the umask", _umask, _set_umask),
    Setting("the locale", _locale_now, _set_locale),
    Setting("signal handlers", _handlers, _set_handlers),
    Setting("blocked signals", _blocked_signals, _set_blocked_signals),
    Setting("sys.path", _path, _set_path),
    Setting("", _finders, _set_finders),
    Setting("", _modules, _set_modules),
    Setting("settings of the interpreter", _interpreter, _set_interpreter),
    Setting("built-in functions", lambda: dict(vars(builtins)), _set_builtins),
    Setting("", _warning_filters, _set_warning_filters),
    Setting("logging", _logging, _set_logging),
    Setting("", python_random, set_python_random),
    Setting("", numpy_random, set_numpy_random),
    Setting("", numpy_errors, set_numpy_errors),
    Setting("", torch_random, set_torch_random),
    Setting("", torch_threads, set_torch_threads),
)
"""What importing a plugin does not change."""
