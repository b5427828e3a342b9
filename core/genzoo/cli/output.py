"""What commands print: data on stdout, everything else on stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

# What strangers write, such as a model's card, must not steer the terminal.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\x1b[\]PX^_].*?(?:\x1b\\|\x07|$)"  # titles, links, the clipboard
    r"|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)

Sheet = tuple[str, Mapping[str, Any]]
"""A title and properties by name."""


@dataclass
class Output:
    """How this invocation speaks.

    Attributes:
        json: Data as one JSON document instead of text for people.
        quiet: No messages; of a table only the first column.
        debug: Tracebacks with errors.
    """

    json: bool = False
    quiet: bool = False
    debug: bool = False

    def note(self, message: str) -> None:
        """A message to the user, on stderr."""
        if not self.quiet:
            click.echo(printable(message), err=True)

    def error(self, message: str, hint: str = "") -> None:
        """What went wrong and what to do next, on stderr, even when quiet."""
        click.echo(printable(f"Error: {message}"), err=True)
        if hint:
            click.echo(printable(hint), err=True)

    def result(self, data: Mapping[str, Any], text: str) -> None:
        """What a command made: `text` for people, `data` as JSON."""
        click.echo(_dump(data) if self.json else printable(text))

    def table(self, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of data.

        Args:
            columns: Keys of the rows to show to people, with their headings.
            rows: The data; JSON has all keys.
        """
        if self.json:
            click.echo(_dump(rows))
        elif self.quiet:
            for row in rows:
                click.echo(_cell(row[next(iter(columns))]))
        else:
            cells = [[_cell(row[key]) for key in columns] for row in rows]
            click.echo(_render(list(columns.values()), cells))

    def sheets(self, sheets: Sequence[Sheet]) -> None:
        """Properties of things, a line each; empty ones are left out for people.

        JSON is an object for one thing, and a list of objects for several.
        """
        if self.json:
            facts = [facts for _, facts in sheets]
            click.echo(_dump(facts[0] if len(facts) == 1 else facts))
            return
        for number, (title, facts_of_one) in enumerate(sheets):
            if number:
                click.echo()
            shown = [
                [printable(key.replace("_", " ")), _cell(value)]
                for key, value in facts_of_one.items()
            ]
            click.echo(printable(title))
            click.echo(_render([], [row for row in shown if row[1]]))


def printable(text: str) -> str:
    """The text without terminal escape sequences and control characters."""
    return _ESCAPES.sub("", text)


def output() -> Output:
    """The output of the running command."""
    return click.get_current_context().ensure_object(Output)


def _dump(data: Any) -> str:
    return json.dumps(data, indent=2, default=str)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{printable(str(key))}={_inner(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_inner, value))
    return printable(str(value))


def _inner(value: Any) -> str:
    """A value inside another."""
    text = _cell(value)
    return f"({text})" if isinstance(value, (Mapping, list, tuple)) else text or "none"


def _render(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, *rows] if headings else list(rows)
    if sys.stdout.isatty():
        return _folded(lines, bool(headings))
    # Into a pipe nothing is cut or folded, and rich, 60 ms to import, is not needed.
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _folded(lines: Sequence[Sequence[str]], with_headings: bool) -> str:
    """Columns folded to the width of the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    for number in range(len(lines[0])):
        table.add_column(no_wrap=number == 0, overflow="fold")
    for number, line in enumerate(lines):
        style = "bold" if with_headings and number == 0 else None
        table.add_row(*map(Text, line), style=style)
    console = Console()
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip("\n")
