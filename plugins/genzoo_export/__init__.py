"""Models as files that run without genzoo, and the command that writes them."""

from __future__ import annotations

from genzoo import CommandSpec, hookimpl


@hookimpl
def genzoo_commands() -> list[CommandSpec]:
    """`genzoo export`."""
    return [
        CommandSpec(
            name="export",
            summary="Write a model to a file that runs without genzoo.",
            target="genzoo_export.command:command",
        )
    ]
