"""Finding installed plugins and importing them safely, one by one."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import PurePath
from typing import Any

from genzoo.plugin_safety.plugin_errors import explained, one_line
from genzoo.version import __version__

GROUP = "genzoo.plugins"
_MAY_BE_GENZOO = re.compile(r"\s*genzoo(?![\w.-]*\w)", re.IGNORECASE)
ALLOW_VARIABLE = "GENZOO_PLUGINS"
BLOCK_VARIABLE = "GENZOO_NO_PLUGINS"
PATIENCE_VARIABLE = "GENZOO_PLUGIN_SECONDS"
PATIENCE = 60.0
"""Seconds after which a plugin that is still loading is given up."""


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

    @property
    def package(self) -> str:
        """The top-level package that the entry point names."""
        return self.entry.value.partition(":")[0].partition(".")[0].strip()

    @property
    def names(self) -> frozenset[str]:
        """What it can be called."""
        return frozenset({self.distribution, self.entry.name})


@dataclass(frozen=True)
class Damaged:
    """A distribution whose metadata cannot be read, so that nobody knows what it declares.

    Attributes:
        distribution: Its normalised name, as far as the name of its folder tells.
        version: Likewise.
        reason: What is wrong.
    """

    distribution: str
    version: str
    reason: str

    @property
    def names(self) -> frozenset[str]:
        """What it can be called."""
        return frozenset({self.distribution})


def find_candidates() -> list[Candidate]:
    """Every entry point of the group, sorted by distribution and name."""
    return scan()[0]


def scan() -> tuple[list[Candidate], list[Damaged]]:
    """Every entry point of the group, sorted by distribution and name, and what is damaged.

    Distributions are read one by one, so that damaged metadata of one hides no other, and two that
    use the same entry-point name both appear.
    """
    found: dict[str, list[Candidate]] = {}
    damaged: list[Damaged] = []
    for distribution in distributions():
        try:
            candidates = _candidates_of(distribution)
        except Exception as error:
            damaged.append(_describe_damage(distribution, error))
            continue
        if candidates:
            # The first one on the path is the one that Python imports.
            found.setdefault(candidates[0].distribution, candidates)
    ordered = sorted(
        (candidate for candidates in found.values() for candidate in candidates),
        key=lambda candidate: (candidate.distribution, candidate.entry.name),
    )
    return ordered, sorted(damaged, key=lambda one: one.distribution)


def _candidates_of(distribution: Distribution) -> list[Candidate]:
    if GROUP not in (distribution.read_text("entry_points.txt") or ""):
        return []
    # Each look at it parses it again.
    metadata = distribution.metadata
    name, version = metadata["Name"], metadata["Version"]
    if not name or not version:
        raise ValueError("it has no name or no version")
    requires = metadata.get_all("Requires-Dist") or distribution.requires or ()
    return [
        Candidate(normalise(name), version, entry, tuple(requires))
        for entry in distribution.entry_points
        if entry.group == GROUP
    ]


def _describe_damage(distribution: Distribution, error: Exception) -> Damaged:
    folder = PurePath(getattr(distribution, "_path", "unknown"))
    name, _, version = folder.stem.partition("-")
    return Damaged(normalise(name), version, f"its metadata is damaged: {one_line(error)}")


def normalise(distribution: str) -> str:
    """The one spelling of a distribution's name: `Genzoo_Flow` is `genzoo-flow`."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def allowed_by_environment() -> frozenset[str] | None:
    """Names that `GENZOO_PLUGINS` lists; None when it is not set, so that all are allowed."""
    return None if ALLOW_VARIABLE not in os.environ else _names_in(ALLOW_VARIABLE)


def blocked_by_environment() -> frozenset[str]:
    """Names that `GENZOO_NO_PLUGINS` lists."""
    return _names_in(BLOCK_VARIABLE)


def block_in_environment(names: Iterable[str]) -> None:
    """Add names to `GENZOO_NO_PLUGINS`, for this process and those that it starts."""
    os.environ[BLOCK_VARIABLE] = ",".join(sorted({*blocked_by_environment(), *names}))


def patience() -> float:
    """Seconds that a plugin may take to load, which `GENZOO_PLUGIN_SECONDS` sets."""
    try:
        return float(os.environ[PATIENCE_VARIABLE])
    except (KeyError, ValueError):
        return PATIENCE


def _names_in(variable: str) -> frozenset[str]:
    names = os.environ.get(variable, "").split(",")
    return frozenset(name.strip() for name in names if name.strip())


def blocking_reason(
    found: Candidate | Damaged, allow: Collection[str] | None, blocked: Collection[str]
) -> str:
    """Why the user does not want it; empty if they do."""
    if _goes_by(found, blocked):
        return f"left out by you, with --no-plugin or {BLOCK_VARIABLE}"
    if allow is not None and not _goes_by(found, allow):
        return f"not listed in {ALLOW_VARIABLE}"
    return ""


def names_of_none(names: Iterable[str], found: Collection[Candidate | Damaged]) -> list[str]:
    """Those of `names` that nothing found goes by, sorted."""
    return sorted(name for name in names if not any(_goes_by(one, {name}) for one in found))


def _goes_by(found: Candidate | Damaged, names: Collection[str]) -> bool:
    return not found.names.isdisjoint({*names, *map(normalise, names)})


def needed_genzoo(candidate: Candidate) -> str:
    """The versions of genzoo that its distribution asks for, unless this one is among them."""
    if candidate.distribution == "genzoo":
        return ""
    # packaging takes 50 ms to import, which genzoo alone does not need.
    from packaging.requirements import Requirement

    for line in filter(_MAY_BE_GENZOO.match, candidate.requires):
        try:
            requirement = Requirement(line)
            applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        except (ValueError, KeyError):
            # What cannot be read asks for nothing.
            continue
        if not applies or normalise(requirement.name) != "genzoo":
            continue
        if not requirement.specifier.contains(__version__, prereleases=True):
            return str(requirement.specifier)
    return ""


def import_plugin(candidate: Candidate) -> Any:
    """Import what the entry point names.

    Raises:
        PluginError: It does not import, whatever the cause.
    """
    with explained("it does not import"):
        return candidate.entry.load()
