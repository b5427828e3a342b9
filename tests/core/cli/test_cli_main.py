"""The group: help, suggestions, errors and exit codes."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from genzoo import CapabilityError, GenzooError
from genzoo.cli.lazy import LazyGroup
from genzoo.cli.main import COMMANDS, main

Run = Callable[..., Result]


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch, *args: str) -> Result:
    """`genzoo objectives` when it raises `error`."""
    from genzoo.cli import objectives

    def callback() -> None:
        raise error

    monkeypatch.setattr(objectives.command, "callback", callback)
    return CliRunner().invoke(main, ["objectives", *args])


def test_help_lists_every_command_with_a_line(run: Run) -> None:
    text = run("--help").stdout
    for name, line in COMMANDS.items():
        assert f"  {name} " in text
        assert line in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_the_output_options(name: str) -> None:
    command = main.load(name)
    leaves = [command]
    if isinstance(command, LazyGroup):
        leaves = [command.load(leaf) for leaf in command.commands]
    for leaf in leaves:
        assert leaf.help
        flags = {flag for param in leaf.params for flag in param.opts}
        assert {"--json", "-q", "--quiet", "--debug"} <= flags
    for arguments in (["--help"], ["-h"]):
        assert CliRunner().invoke(main, [name, *arguments]).exit_code == 0


def test_options_mean_the_same_everywhere() -> None:
    shared: dict[str, set[tuple[str, ...]]] = {}
    for name in COMMANDS:
        for param in main.load(name).params:
            for flag in param.opts:
                shared.setdefault(flag, set()).add(tuple(sorted(param.opts)))
    assert shared["--out"] == {("--out", "-o")}
    assert shared["--count"] == {("--count", "-n")}
    assert {len(spellings) for spellings in shared.values()} == {1}


def test_version(run: Run) -> None:
    import genzoo

    assert run("--version").stdout == f"genzoo {genzoo.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["smple"], "'sample'"),
        (["plugins", "lst"], "'list'"),
        (["sample", "tiny-gan", "--cuont", "3"], "'--count'"),
        (["train", "sketch", "stripes", "--widht", "8"], "'--width'"),
    ],
)
def test_misspellings_are_answered_with_suggestions(
    arguments: list[str], suggestion: str, run: Run
) -> None:
    result = run(*arguments, code=2)
    assert "Did you mean" in result.stderr
    assert suggestion in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (GenzooError("It broke.", "Mend it."), 1, ["Error: It broke.", "Mend it."]),
        (GenzooError("It broke."), 1, ["Error: It broke."]),
        (CapabilityError("It cannot."), 2, ["Error: It cannot."]),
        (KeyboardInterrupt(), 130, ["Error: Interrupted."]),
        (
            OSError(errno.ENOSPC, "No space left on device", "/a/b"),
            1,
            ["Error: The disk is full: '/a/b' cannot be written.", "Make room."],
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/a/b"),
            1,
            ["Error: There is no permission to use '/a/b'.", "Choose another place with -o."],
        ),
        (OSError(errno.EIO, "Input/output error"), 1, ["Error: Input/output error: a file."]),
        (
            RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
            1,
            [
                "Error: The memory does not suffice.",
                "Use a smaller --batch-size or --count.",
            ],
        ),
        (
            ValueError("odd\nthing"),
            1,
            [
                "Error: This is a bug in genzoo or a plugin: ValueError: odd thing",
                "Run it again with --debug for the traceback.",
            ],
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_errors_are_a_sentence_a_hint_and_a_code(
    error: BaseException, code: int, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = failing(error, monkeypatch)
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.splitlines() == lines


def test_errors_are_told_even_when_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    result = failing(GenzooError("It broke.", "Mend it."), monkeypatch, "--quiet")
    assert result.stderr == "Error: It broke.\nMend it.\n"


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    result = failing(GenzooError("It broke."), monkeypatch, "--debug")
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):")
    assert result.stderr.endswith("Error: It broke.\n")
    assert result.stdout == ""


def test_a_closed_pipe_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    result = failing(BrokenPipeError(errno.EPIPE, "Broken pipe"), monkeypatch)
    assert result.exit_code == 1
    assert result.output == ""


def test_a_wait_policy_that_is_none_is_refused_in_words(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENZOO_WAIT_POLICY", "never")
    assert "GENZOO_WAIT_POLICY is 'never'." in run("verify", "tiny-gan", code=2).stderr
