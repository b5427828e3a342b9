"""The registry of this process, and a word about plugins that are missing from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genzoo.cli.output import output

if TYPE_CHECKING:
    from genzoo.registry import Registry


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
