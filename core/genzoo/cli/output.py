"""What commands print: data on stdout, everything else on stderr."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

WIDE = 10_000
"""Columns assumed where stdout is no terminal, so that nothing is cut off."""


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
            click.echo(message, err=True)

    def error(self, message: str, hint: str = "") -> None:
        """What went wrong and what to do next, on stderr, even when quiet."""
        click.echo(f"Error: {message}", err=True)
        if hint:
            click.echo(hint, err=True)

    def result(self, data: Mapping[str, Any], text: str) -> None:
        """What a command made: `text` for people, `data` as JSON."""
        click.echo(_dump(data) if self.json else text)

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

    def details(self, title: str, data: Mapping[str, Any]) -> None:
        """One thing's properties, a line each; empty ones are left out for people."""
        if self.json:
            click.echo(_dump(data))
            return
        shown = [[key.replace("_", " "), _cell(value)] for key, value in data.items()]
        click.echo(title)
        click.echo(_render([], [row for row in shown if row[1]]))


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
        return ", ".join(f"{key}={_cell(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_cell, value))
    return str(value)


def _render(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    stdout = click.get_text_stream("stdout")
    console = Console(file=stdout, width=None if stdout.isatty() else WIDE)
    table = Table(box=None, pad_edge=False, show_header=bool(headings), header_style="bold")
    count = len(rows[0]) if rows else len(headings)
    for index in range(count):
        table.add_column(headings[index] if headings else "", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())
