"""What is installed, read from metadata: nothing is imported, so broken packages appear too."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from typing import TYPE_CHECKING

from genzoo.plugins.discovery import find_candidates, normalise

if TYPE_CHECKING:
    from packaging.requirements import Requirement

KEPT = ("torch", "torchvision", "genzoo")
"""Distributions that installing a plugin never changes."""

Requirements = Mapping[str, Iterable[str]]
"""`Requires-Dist` lines by distribution."""


def installed_distributions() -> dict[str, Distribution]:
    """Every distribution on the path by normalised name, as it is now on disk."""
    importlib.invalidate_caches()
    found: dict[str, Distribution] = {}
    for distribution in distributions():
        name = _name_of(distribution)
        if name:
            # The first one on the path is the one that Python imports.
            found.setdefault(name, distribution)
    return found


def _name_of(distribution: Distribution) -> str:
    try:
        return normalise(distribution.metadata["Name"])
    except Exception:
        # Damaged metadata of one package hides no other.
        return ""


def installed_versions() -> dict[str, str]:
    """The version of every installed distribution by normalised name."""
    return {name: found.version for name, found in installed_distributions().items()}


def plugin_distributions() -> frozenset[str]:
    """Normalised names of the distributions that declare a plugin, genzoo's own left out."""
    importlib.invalidate_caches()
    return frozenset(candidate.distribution for candidate in find_candidates()) - {"genzoo"}


def installed_requirements() -> dict[str, tuple[str, ...]]:
    """`Requires-Dist` lines of every installed distribution."""
    return {name: tuple(found.requires or ()) for name, found in installed_distributions().items()}


def kept_versions() -> dict[str, str]:
    """The installed versions of `KEPT`, those that are not installed left out."""
    found = installed_distributions()
    return {name: found[name].version for name in KEPT if name in found}


def needed_by(names: Iterable[str], requirements: Requirements) -> set[str]:
    """`names` and everything that they require, directly or not. Extras are left out."""
    needed, pending = set[str](), list(names)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += _direct(requirements.get(name, ()))
    return needed


def dependents(name: str, requirements: Requirements) -> list[str]:
    """Distributions that require `name` directly."""
    return sorted(other for other, lines in requirements.items() if name in _direct(lines))


def unmet(versions: Mapping[str, str], requirements: Requirements) -> list[str]:
    """What would no longer fit if some distributions had other versions, a sentence each.

    Args:
        versions: The new versions by normalised name.
        requirements: `Requires-Dist` lines of what stays as it is.
    """
    return [
        f"{name} needs {requirement.name}{requirement.specifier}: it may not work with {version}."
        for name, lines in sorted(requirements.items())
        if name not in versions
        for requirement in _applying(lines)
        if (version := versions.get(normalise(requirement.name)))
        and not requirement.specifier.contains(version, prereleases=True)
    ]


def _direct(lines: Iterable[str]) -> set[str]:
    return {normalise(requirement.name) for requirement in _applying(lines)}


def _applying(lines: Iterable[str]) -> Iterator[Requirement]:
    """The requirements that count here, without extras."""
    from packaging.requirements import InvalidRequirement, Requirement

    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement
