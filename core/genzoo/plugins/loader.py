"""Finding installed plugins and importing them safely, one by one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any

import genzoo
from genzoo.containment import contained

GROUP = "genzoo.plugins"
ALLOW_VARIABLE = "GENZOO_PLUGINS"


@dataclass(frozen=True)
class Candidate:
    """An entry point that promises a plugin, not imported yet.

    Attributes:
        distribution: Normalised name of the distribution that declares it.
        version: That distribution's version.
        entry: The entry point.
        requires: The distribution's `Requires-Dist` lines.
    """

    distribution: str
    version: str
    entry: EntryPoint
    requires: tuple[str, ...]


def find_candidates() -> list[Candidate]:
    """Every entry point of the group, sorted by distribution and name.

    Distributions are read one by one, so that damaged metadata of one hides no other, and two that
    use the same entry-point name both appear.
    """
    found: dict[str, list[Candidate]] = {}
    for distribution in distributions():
        candidates = _candidates_of(distribution)
        if candidates:
            # The first one on the path is the one that Python imports.
            found.setdefault(candidates[0].distribution, candidates)
    return sorted(
        (candidate for candidates in found.values() for candidate in candidates),
        key=lambda candidate: (candidate.distribution, candidate.entry.name),
    )


def _candidates_of(distribution: Distribution) -> list[Candidate]:
    try:
        if GROUP not in (distribution.read_text("entry_points.txt") or ""):
            return []
        name, version = normalise(distribution.metadata["Name"]), distribution.version
        requires = tuple(distribution.requires or ())
        entries = [entry for entry in distribution.entry_points if entry.group == GROUP]
    except Exception as error:
        print(f"A package with damaged metadata is left out: {error}", file=sys.stderr)
        return []
    return [Candidate(name, version, entry, requires) for entry in entries]


def normalise(distribution: str) -> str:
    """The one spelling of a distribution's name: `Genzoo_Flow` is `genzoo-flow`."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def allowed_by_environment() -> frozenset[str] | None:
    """Names that `GENZOO_PLUGINS` lists; None when it is not set, so that all are allowed."""
    value = os.environ.get(ALLOW_VARIABLE)
    if value is None:
        return None
    return frozenset(name.strip() for name in value.split(",") if name.strip())


def blocking_reason(
    candidate: Candidate, allow: Collection[str] | None, blocked: Collection[str]
) -> str:
    """Why the user does not want it; empty if they do."""
    if _names_it(candidate, blocked):
        return "blocked by you"
    if allow is not None and not _names_it(candidate, allow):
        return f"not listed in {ALLOW_VARIABLE}"
    return ""


def _names_it(candidate: Candidate, names: Collection[str]) -> bool:
    return candidate.entry.name in names or candidate.distribution in map(normalise, names)


def incompatibility(candidate: Candidate) -> str:
    """Why its distribution cannot work with this genzoo; empty if it can."""
    if candidate.distribution == "genzoo":
        return ""
    # packaging takes 50 ms to import, which genzoo alone does not need.
    from packaging.requirements import InvalidRequirement, Requirement

    for line in candidate.requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if normalise(requirement.name) != "genzoo":
            continue
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and not requirement.specifier.contains(genzoo.__version__, prereleases=True):
            return f"needs genzoo {requirement.specifier}, this is {genzoo.__version__}"
    return ""


def import_plugin(candidate: Candidate) -> Any:
    """Import what the entry point names.

    Raises:
        PluginError: It does not import, whatever the cause.
    """
    with contained("it does not import"):
        return candidate.entry.load()
