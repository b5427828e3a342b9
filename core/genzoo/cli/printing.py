"""What commands print: data on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from genzoo.cli.terminal_text import on_one_line, printable

Sheet = tuple[str, Mapping[str, Any]]
"""A title and properties by name."""

_DEEPEST = 16
"""Levels of nested values that are shown to people."""


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
        """A message to the user, on a line of stderr."""
        if not self.quiet:
            click.echo(on_one_line(message), err=True)

    def error(self, message: str, hint: str = "") -> None:
        """What went wrong and what to do next, on stderr, even when quiet."""
        click.echo(on_one_line(f"Error: {message}"), err=True)
        if hint:
            click.echo(on_one_line(hint), err=True)

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
                [on_one_line(key.replace("_", " ")), _cell(value)]
                for key, value in facts_of_one.items()
            ]
            click.echo(on_one_line(title))
            click.echo(_render([], [row for row in shown if row[1]]))


def output() -> Output:
    """The output of the running command."""
    return click.get_current_context().ensure_object(Output)


def _dump(data: Any) -> str:
    """As JSON, in which all but printable ASCII is escaped."""
    return json.dumps(data, indent=2, default=str).replace("\x7f", "\\u007f")


def _cell(value: Any, depth: int = 0) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(
            f"{on_one_line(str(key))}={_inner(item, depth)}" for key, item in value.items()
        )
    if isinstance(value, (list, tuple)):
        return ", ".join(_inner(item, depth) for item in value)
    return on_one_line(str(value))


def _inner(value: Any, depth: int) -> str:
    """A value inside another."""
    if depth == _DEEPEST:
        return "..."
    text = _cell(value, depth + 1)
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
