"""What an installation led to: what is new, and what does not work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from genzoo.errors import InstallError
from genzoo.plugins.discovery import allowed_by_environment, normalise
from genzoo.plugins.installing.inventory import installed_distributions, plugin_distributions
from genzoo.plugins.installing.plan import Change
from genzoo.plugins.installing.survey import survey
from genzoo.plugins.plugin_status import PluginStatus


@dataclass(frozen=True)
class Problem:
    """A plugin that does not load.

    Attributes:
        distribution: Distribution that declares it, normalised.
        version: That distribution's version.
        reason: Why it does not load.
        remedy: What to type.
    """

    distribution: str
    version: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Outcome:
    """What an installation led to.

    Attributes:
        new: What is registered now and was not before, for each plugin distribution that changed.
        problems: Plugins that do not load: changed ones, and those that did load before.
        no_plugins: Distributions that were asked for and declare no plugin.
        left_out: Changed distributions that `GENZOO_PLUGINS` leaves out.
    """

    new: dict[str, tuple[str, ...]]
    problems: tuple[Problem, ...]
    no_plugins: tuple[str, ...]
    left_out: tuple[str, ...]


def known_before(names: Iterable[str] = ()) -> list[PluginStatus]:
    """The statuses before anything changes; none where a plugin that is there ends the process.

    Args:
        names: Distributions to load even where `GENZOO_PLUGINS` does not list them.
    """
    try:
        return survey(names)
    except InstallError:
        return []


def outcome_of(plan: Sequence[Change], before: Sequence[PluginStatus]) -> Outcome:
    """Look at the plugins in a fresh process after `plan` was carried out."""
    changed = {change.name: change for change in plan if change.action != "remove"}
    plugins = plugin_distributions()
    no_plugins = [name for name, change in changed.items() if change.requested]
    no_plugins = [name for name in no_plugins if name not in plugins]
    try:
        after = survey(changed)
    except InstallError as error:
        after = [_unknown(name, error) for name in changed if name in plugins]
    return Outcome(
        {name: _new(name, before, after) for name in changed if name in plugins},
        tuple(_problems(changed, before, after)),
        tuple(no_plugins),
        tuple(name for name in changed if name in plugins and _is_left_out(name, after)),
    )


def _unknown(name: str, error: InstallError) -> PluginStatus:
    version = installed_distributions()[name].version
    return PluginStatus(name, version, name, "failed", error.message)


def _new(
    name: str, before: Sequence[PluginStatus], after: Sequence[PluginStatus]
) -> tuple[str, ...]:
    known = {item for status in before if status.distribution == name for item in status.registers}
    found = [item for status in after if status.distribution == name for item in status.registers]
    return tuple(item for item in found if item not in known)


def _problems(
    changed: dict[str, Change], before: Sequence[PluginStatus], after: Sequence[PluginStatus]
) -> list[Problem]:
    worked = {(status.distribution, status.name) for status in before if status.state == "loaded"}
    return [
        Problem(
            status.distribution,
            status.version,
            status.reason.rstrip("."),
            _remedy(status.distribution, changed),
        )
        for status in after
        if status.state in ("failed", "incompatible")
        and (status.distribution in changed or (status.distribution, status.name) in worked)
    ]


def _remedy(name: str, changed: dict[str, Change]) -> str:
    change = changed.get(name)
    if change is None:
        return "The changes above broke it. Type: genzoo plugins doctor"
    if change.action in ("upgrade", "downgrade"):
        return f"Go back: genzoo plugins install '{name}=={change.previous}'"
    return f"Remove it again: genzoo plugins uninstall {name}"


def _is_left_out(name: str, after: Sequence[PluginStatus]) -> bool:
    allowed = allowed_by_environment()
    if allowed is None:
        return False
    entries = {status.name for status in after if status.distribution == name}
    return not (name in map(normalise, allowed) or entries & allowed)
