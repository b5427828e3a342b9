"""Whatever a plugin's code does, the process is as it was when it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from genzoo.errors import PluginError
from genzoo.plugin_safety.plugin_errors import contained, importing, overdue, time_limit

CHANGES = {
    "default dtype": "import torch; torch.set_default_dtype(torch.float64)",
    "default device": "import torch; torch.set_default_device('meta')",
    "grad mode": "import torch; torch.set_grad_enabled(False)",
    "deterministic algorithms": "import torch; torch.use_deterministic_algorithms(True)",
    "autocast": "import torch; torch.set_autocast_enabled('cpu', True)",
    "anomaly mode": "import torch; torch.set_anomaly_enabled(True)",
    "torch's threads": "import torch; torch.set_num_threads(1 + torch.get_num_threads())",
    "torch's random state": "import torch; torch.manual_seed(1); torch.rand(3)",
    "numpy's random state": "import numpy; numpy.random.seed(1)",
    "numpy's errors": "import numpy; numpy.seterr(all='raise')",
    "random": "import random; random.seed(1)",
    "working folder": "import os; os.chdir('/')",
    "an environment variable": "import os; os.environ['PATH'] = 'x'; os.environ['NEW'] = '1'",
    "the environment": "import os; os.environ.clear()",
    "os.environ itself": "import os; os.environ = {}",
    "umask": "import os; os.umask(0o777)",
    "locale": "import locale; locale.setlocale(locale.LC_ALL, 'C')",
    "sys.path": "import sys; sys.path.insert(0, '/evil'); sys.path.remove(sys.path[-1])",
    "sys.path itself": "import sys; sys.path = []",
    "finders": "import sys; sys.meta_path.clear()",
    "modules": "import sys; sys.modules.pop('json'); sys.modules['genzoo.errors'] = None",
    "all modules": "import sys; sys.modules.clear()",
    "false modules": "import sys; sys.modules['torchvision'] = sys; sys.modules['wave'] = None",
    "arguments": "import sys; sys.argv[:] = ['x']",
    "hooks": "import sys; sys.excepthook = print; sys.displayhook = print",
    "limits": "import sys; sys.setrecursionlimit(5000); sys.setswitchinterval(1)",
    "collection": "import gc; gc.disable()",
    "tracing": "import sys; sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)",
    "built-in functions": "import builtins; builtins.open = None; builtins.print = None",
    "signal handlers": (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "signal.signal(signal.SIGTERM, print)"
    ),
    "blocked signals": "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])",
    "warning filters": "import warnings; warnings.simplefilter('error'); warnings.filters = []",
    "logging": "import logging; logging.basicConfig(level=10); logging.disable()",
    "standard output": "import sys, io; sys.stdout = sys.stderr = io.StringIO()",
    "file descriptors": "import os; os.dup2(0, 1); os.close(2); os.close(0)",
    "closed streams": "import sys; sys.stdout.close(); sys.__stdout__.close(); sys.stdin.close()",
}
"""What code may change, and a line that does."""

LOOK = """
import builtins, gc, json, locale, logging, os, random, signal, sys, threading, warnings, wave
import genzoo.errors, numpy, torch

def drawn():
    generator = torch.Generator("cpu")
    generator.set_state(torch.get_rng_state())
    return torch.rand(4, generator=generator, device="cpu").tolist()

KNOWN = [*sys.modules, "torchvision", "wave"]

def look():
    mask = os.umask(0); os.umask(mask)
    modules = {name: id(sys.modules.get(name)) for name in KNOWN}
    return [
        torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(), torch.is_autocast_enabled("cpu"),
        torch.is_anomaly_enabled(), torch.get_num_threads(), drawn(),
        str(numpy.random.get_state()), numpy.geterr(), random.getstate(),
        os.getcwd(), dict(os.environ), id(os.environ), mask, locale.setlocale(locale.LC_ALL),
        list(sys.path), id(sys.path), list(sys.meta_path), modules, list(sys.argv),
        sys.excepthook, sys.displayhook, sys.getrecursionlimit(), sys.getswitchinterval(),
        gc.isenabled(), sys.gettrace(), sys.getprofile(), dict(vars(builtins)),
        [signal.getsignal(n) for n in signal.valid_signals()],
        signal.pthread_sigmask(signal.SIG_BLOCK, ()), list(warnings.filters),
        logging.root.level, list(logging.root.handlers), logging.root.manager.disable,
        *(os.fstat(n).st_ino for n in range(3)),
        *(getattr(sys, name).closed for name in ("stdin", "stdout", "stderr", "__stdout__")),
    ]
"""
"""All of it, in a process of its own."""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a process prints that runs `code`."""
    command = [sys.executable, "-c", dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, text=True, input="", check=False)


def test_code_that_is_imported_changes_nothing() -> None:
    code = f"{LOOK}\nCHANGES = {CHANGES!r}\n" + dedent("""
        from genzoo.plugin_safety.plugin_errors import importing
        for what, change in CHANGES.items():
            before = look()
            with importing(what) as changed:
                exec(change)
            after = look()
            different = [n for n, pair in enumerate(zip(before, after)) if pair[0] != pair[1]]
            print(what, different, sep=": ")
    """)
    result = run(code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [f"{what}: []" for what in CHANGES]


def test_libraries_that_come_with_the_code_are_as_new() -> None:
    changes = [code for code in CHANGES.values() if "import torch" in code or "numpy" in code]
    code = """
        import sys
        from genzoo.plugin_safety.plugin_errors import importing
        with importing("x"):
            exec(sys.argv[1])
        import numpy, torch
        print(torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled())
        print(torch.are_deterministic_algorithms_enabled(), torch.is_autocast_enabled("cpu"))
        print(torch.is_anomaly_enabled(), torch.zeros(1), torch.initial_seed() == 1)
        print(numpy.geterr())
    """
    new, changed = run(code, "pass"), run(code, "\n".join(changes))
    assert changed.returncode == 0, changed.stderr
    assert changed.stdout == new.stdout


def test_what_was_put_back_is_named() -> None:
    with importing("it does not load") as changed:
        os.environ["GENZOO_TEST"] = "1"
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    assert changed == ["environment variables", "signal handlers"]
    assert "GENZOO_TEST" not in os.environ


def test_the_state_is_put_back_where_code_fails_too(tmp_path: Path) -> None:
    def fail() -> None:
        os.chdir(tmp_path)
        raise ValueError("no luck")

    here = Path.cwd()
    with pytest.raises(PluginError, match="it failed: ValueError: no luck"), importing("it failed"):
        fail()
    assert Path.cwd() == here


NOISE = {
    "print": "print('noise')",
    "the file descriptor": "import os; os.write(1, b'noise\\n')",
    "another process": "import os; os.system('echo noise')",
    "the stream that Python began with": "import sys; sys.__stdout__.write('noise\\n')",
    "C": "import ctypes; ctypes.CDLL(None).puts(b'noise')",
    "a closed stream": "import os, sys; os.write(2, b'noise\\n'); sys.stdout.close()",
}


@pytest.mark.parametrize("how", NOISE)
def test_what_is_printed_goes_to_stderr_however_it_is_printed(how: str) -> None:
    code = """
        import sys
        from genzoo.plugin_safety.plugin_errors import contained
        print("before")
        with contained("x"):
            exec(sys.argv[1])
        print("after")
        print("message", file=sys.stderr)
    """
    result = run(code, NOISE[how])
    assert result.returncode == 0, result.stderr
    assert result.stdout == "before\nafter\n"
    assert result.stderr == "noise\nmessage\n"


def test_an_interrupt_that_nobody_typed_is_an_error_of_the_code() -> None:
    with pytest.raises(PluginError, match="it failed: KeyboardInterrupt"), contained("it failed"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("caught", [False, True])
def test_ctrl_c_interrupts_and_cannot_be_caught_by_the_code(caught: bool) -> None:
    def answer() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except BaseException as error:
            if not caught:
                raise ValueError from error

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), contained("it failed"):
        answer()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_handler_that_only_takes_note_goes_on_taking_note() -> None:
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        with contained("it failed"):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert noted == [signal.SIGINT]


def endless() -> None:
    """Never ends by itself."""
    while True:
        pass


def stubborn() -> None:
    """Ends when it is told for the second time."""
    with contextlib.suppress(BaseException):
        endless()
    time.sleep(60)


@pytest.mark.parametrize("code", [endless, stubborn])
def test_endless_code_is_ended(code: Callable[[], None]) -> None:
    with (
        pytest.raises(PluginError, match=f"it failed: {overdue(0.05)}"),
        contained("it failed"),
        time_limit(0.05),
    ):
        code()
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_timer_of_the_program_goes_on() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: heard.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 30)
        with time_limit(60):
            assert 59 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
        assert 25 < signal.setitimer(signal.ITIMER_REAL, 0)[0] <= 30
        with pytest.raises(PluginError, match=overdue(0.01)), contained("x"), time_limit(0.01):
            time.sleep(60)
        signal.raise_signal(signal.SIGALRM)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert heard == [signal.SIGALRM]


def test_other_threads_are_contained_too() -> None:
    caught: list[str] = []

    def work() -> None:
        try:
            with importing("it failed"), time_limit(60):
                raise KeyboardInterrupt
        except PluginError as error:
            caught.append(error.message)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert caught == ["it failed: KeyboardInterrupt"]
