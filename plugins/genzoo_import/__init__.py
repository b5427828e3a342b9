"""Models of weights that other programs saved, and the command that makes them."""

from __future__ import annotations

from genzoo import CommandSpec, hookimpl


@hookimpl
def genzoo_commands() -> list[CommandSpec]:
    """`genzoo import`."""
    return [
        CommandSpec(
            name="import",
            summary="Make a model of weights that another program saved.",
            target="genzoo_import.command:command",
        )
    ]
