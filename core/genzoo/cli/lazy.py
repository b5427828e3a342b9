"""Groups whose commands are imported when they are called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

import click


class LazyGroup(click.Group):
    """A group whose commands are stand-ins until one is called.

    Args:
        package: Where the commands are: `NAME` is `PACKAGE.NAME:command`.
        lines: Every command with its line of help.
    """

    def __init__(self, *, package: str, lines: Mapping[str, str], **settings: Any) -> None:
        super().__init__(**settings)
        self.package = package
        for name, text in lines.items():
            self.add_command(click.Command(name, short_help=text))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called, and import it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.load(name) if name and command else command, rest

    def load(self, name: str) -> click.Command:
        """Import a command's module."""
        module = name.replace("-", "_")
        return cast(click.Command, import_module(f"{self.package}.{module}").command)
