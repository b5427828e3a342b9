"""What installing would change, read from an installer's dry run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from genzoo.plugins.discovery import normalise
from genzoo.plugins.installing.origin import pinned_url

Action = Literal["add", "upgrade", "downgrade", "reinstall", "remove"]


@dataclass(frozen=True)
class Change:
    """One distribution that is added, changed or removed.

    Attributes:
        action: What happens to it.
        name: Its normalised name.
        version: The version afterwards, or the one that is removed; empty where the installer does
            not know it before it builds the package.
        previous: The version that is installed now; empty for a new one.
        source: The URL it comes from, with commit or hash; empty for what an index has.
        requires: Its `Requires-Dist` lines, as far as the installer tells them.
        requested: Whether the user asked for it; False for what others need.
    """

    action: Action
    name: str
    version: str
    previous: str = ""
    source: str = ""
    requires: tuple[str, ...] = ()
    requested: bool = True

    @property
    def versions(self) -> str:
        """`1.0`, or `1.0 -> 2.0` where it changes."""
        if self.action in ("upgrade", "downgrade"):
            return f"{self.previous} -> {self.version}"
        return self.version


def removal(name: str, version: str) -> Change:
    """The change that removes `name`."""
    return Change("remove", name, version, previous=version)


def settled(changes: Iterable[Change], installed: Mapping[str, str]) -> list[Change]:
    """The changes with the versions that were unknown until they were carried out."""
    return [
        replace(change, version=change.version or installed.get(change.name, ""))
        for change in changes
    ]


def from_pip_report(report: Mapping[str, Any], installed: Mapping[str, str]) -> list[Change]:
    """The changes in the report of `pip install --dry-run --report`.

    Args:
        report: The report, format version 1.
        installed: Versions by normalised name.
    """
    return sorted_changes(_from_pip_item(item, installed) for item in report["install"])


def _from_pip_item(item: Mapping[str, Any], installed: Mapping[str, str]) -> Change:
    metadata = item["metadata"]
    name, version = normalise(metadata["name"]), metadata["version"]
    previous = installed.get(name, "")
    return Change(
        action_between(previous, version),
        name,
        version,
        previous,
        pinned_url(item["download_info"]) if item.get("is_direct") else "",
        tuple(metadata.get("requires_dist", ())),
        bool(item.get("requested")),
    )


_UV_LINE = re.compile(
    r"^ (?P<sign>[-+~]) (?P<name>[\w.-]+)"
    r"(?:==(?P<version>\S+)(?: \(from (?P<source>\S+)\))?| @ (?P<url>\S+))$",
    re.MULTILINE,
)


def from_uv_output(
    output: str, installed: Mapping[str, str], requested: Iterable[str]
) -> list[Change]:
    """The changes in what `uv pip install --dry-run` prints.

    Args:
        output: Its text: a line ` + NAME==VERSION` or ` - NAME==VERSION` for each.
        installed: Versions by normalised name.
        requested: Normalised names that the user asked for; what has a URL counts as well.
    """
    asked, found = set(requested), [match.groupdict() for match in _UV_LINE.finditer(output)]
    added = {normalise(line["name"]): line for line in found if line["sign"] != "-"}
    gone = {normalise(line["name"]): line for line in found if line["sign"] == "-"}
    changes = [removal(name, line["version"]) for name, line in gone.items() if name not in added]
    for name, line in added.items():
        previous, version = installed.get(name, ""), line["version"] or ""
        source = line["source"] or line["url"] or ""
        action = action_between(previous, version)
        direct = name in asked or bool(source)
        changes.append(Change(action, name, version, previous, source, requested=direct))
    return sorted_changes(changes)


def action_between(previous: str, version: str) -> Action:
    """What leads from one version to another; empty is none, or not known yet."""
    if not previous:
        return "add"
    from packaging.version import InvalidVersion, Version

    try:
        before, after = Version(previous), Version(version)
    except InvalidVersion:
        return "reinstall"
    if before == after:
        return "reinstall"
    return "upgrade" if before < after else "downgrade"


def sorted_changes(changes: Iterable[Change]) -> list[Change]:
    """What was asked for first, then by name."""
    return sorted(changes, key=lambda change: (not change.requested, change.name))
