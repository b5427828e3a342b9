"""The registry of this process, and a word about plugins that are missing from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genzoo.cli.output import output

if TYPE_CHECKING:
    from genzoo.records import CommandSpec
    from genzoo.registry import Entry, Registry


def plugged_registry() -> Registry:
    """What the installed plugins registered; tells the user of those that do not work."""
    from genzoo.plugins import manager

    loaded = manager.default_manager()
    for status in loaded.statuses:
        if status.state in ("failed", "incompatible"):
            output().note(
                f"The plugin {status.name} of {status.distribution} {status.version} is left out: "
                f"{status.reason}"
            )
    return loaded.registry


def plugged_commands() -> dict[str, Entry[CommandSpec]]:
    """The commands of plugins by full name, and by short name where that is unique."""
    from genzoo.plugins import manager

    catalogue = manager.default_manager().registry.commands
    return {**{name: catalogue.find(name) for name in catalogue.names()}, **catalogue}
