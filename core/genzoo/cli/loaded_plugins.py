"""What plugins brought to this process, and a word about those that are missing from it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import click

from genzoo.cli.printing import output
from genzoo.records import CommandSpec

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from genzoo.app.open_model import OpenModel
    from genzoo.plugins.manager import PluginManager
    from genzoo.registry import Entry, Registry

_TOLD = "genzoo.told"
_OPENED = "genzoo.opened"


def plugin_registry() -> Registry:
    """What the installed plugins registered; tells the user, once, of those that do not work."""
    from genzoo.plugins import manager

    loaded = manager.default_manager()
    context = click.get_current_context()
    # A word in the middle of a completion would tear the line that is being typed.
    if not context.resilient_parsing and not context.meta.get(_TOLD):
        context.meta[_TOLD] = True
        tell_of_names(loaded)
        _tell_of_failures(loaded)
    return loaded.registry


def opened_model(name: str) -> OpenModel:
    """The model that the user named, of any plugin; pulled from the Hub if it has to be.

    It is looked for once in a command.

    Raises:
        GenzooError: There is none; see `genzoo.hub.resolve_model_name`.
    """
    from genzoo.app.open_model import open_model
    from genzoo.cli.progress_bars import transfers

    known: dict[str, OpenModel] = click.get_current_context().meta.setdefault(_OPENED, {})
    if name not in known:
        with transfers() as progress:
            known[name] = open_model(name, plugin_registry(), progress)
    return known[name]


def tell_of_names(manager: PluginManager) -> None:
    """Mention names, typed or in the environment, that no installed plugin goes by."""
    from genzoo.errors import unknown_name

    known = {name for one in manager.statuses for name in (one.distribution, one.name) if name}
    for name in manager.names_of_none:
        output().note(str(unknown_name("installed plugin", name, known)))


def _tell_of_failures(manager: PluginManager) -> None:
    broken = [one for one in manager.statuses if one.state in ("failed", "incompatible")]
    for status in broken:
        title = status.title[0].upper() + status.title[1:]
        output().note(f"{title} is left out: {status.reason}")
    if broken:
        output().note("More on this: genzoo plugins doctor")


def plugin_commands() -> dict[str, Entry[CommandSpec]]:
    """The commands of plugins by full name, and by short name where that is unique."""
    from genzoo.plugins import manager

    catalogue = manager.default_manager().registry[CommandSpec]
    return {**{name: catalogue.find(name) for name in catalogue.names()}, **catalogue}


def shortest_names(taken: Collection[str]) -> list[str]:
    """A name for each command of a plugin, none of them among `taken`."""
    from genzoo.plugins import manager

    catalogue = manager.default_manager().registry[CommandSpec]
    return [catalogue.find(n).full_name if n in taken else n for n in catalogue.names()]


def complete_plugin(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Distributions and entry points of plugins, without importing one."""
    from click.shell_completion import CompletionItem

    from genzoo.plugins.discovery import find_candidates

    names = {name for one in find_candidates() for name in (one.distribution, one.entry.name)}
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


def leave_out(ctx: click.Context, _: click.Parameter, names: tuple[str, ...]) -> None:
    """Have the plugins of these names left out, in this process and in those that it starts."""
    if names:
        from genzoo.plugins.discovery import block_in_environment

        block_in_environment(names)
