"""What is installed, read from metadata: nothing is imported, so broken packages appear too."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from typing import TYPE_CHECKING, Any

from genzoo.plugins.discovery import find_candidates, normalise

if TYPE_CHECKING:
    from packaging.requirements import Requirement

KEPT = ("genzoo", "torch", "torchvision")
"""Distributions that installing a plugin never changes."""


def installed_distributions() -> dict[str, Distribution]:
    """Every distribution on the path by normalised name, as it is now on disk."""
    importlib.invalidate_caches()
    found: dict[str, Distribution] = {}
    for distribution in distributions():
        try:
            # The first one on the path is the one that Python imports.
            found.setdefault(normalise(distribution.metadata["Name"]), distribution)
        except Exception:
            # Damaged metadata of one package hides no other.
            continue
    return found


def installed_versions() -> dict[str, str]:
    """The version of every installed distribution by normalised name."""
    return {name: found.version for name, found in installed_distributions().items()}


def plugin_distributions() -> frozenset[str]:
    """Normalised names of the distributions that declare a plugin, genzoo's own left out."""
    importlib.invalidate_caches()
    return frozenset(candidate.distribution for candidate in find_candidates()) - {"genzoo"}


def kept_versions() -> dict[str, str]:
    """Versions that must not change: those of `KEPT`, and of what torch needs in one version."""
    found = installed_distributions()
    needed = [*_applying(found, "torch"), *_applying(found, "torchvision")]
    exact = [normalise(one.name) for one in needed if str(one.specifier).startswith("==")]
    return {name: found[name].version for name in (*KEPT, *exact) if name in found}


def needed_by(names: Iterable[str]) -> set[str]:
    """`names` and everything that they require, directly or not. Extras are left out."""
    found, needed, pending = installed_distributions(), set[str](), list(names)
    while pending:
        if (name := pending.pop()) not in needed:
            needed.add(name)
            pending += [normalise(one.name) for one in _applying(found, name)]
    return needed


def _applying(found: Mapping[str, Distribution], name: str) -> Iterator[Requirement]:
    """What a distribution requires here, without extras."""
    from packaging.requirements import Requirement

    for line in (found[name].requires or ()) if name in found else ():
        try:
            requirement = Requirement(line)
            applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        except (ValueError, KeyError):
            # What cannot be read asks for nothing.
            continue
        if applies:
            yield requirement


def direct_url(distribution: Distribution) -> Mapping[str, Any]:
    """Where it came from, of `direct_url.json` (PEP 610); empty for what came from an index."""
    try:
        found = json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) and found.get("url") else {}


def pinned_url(origin: Mapping[str, Any]) -> str:
    """The URL of a PEP 610 record as a requirement has it: with commit, hash and subdirectory."""
    url, archive = str(origin["url"]), origin.get("archive_info", {})
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
    digest = (archive.get("hashes") or {}).get("sha256", "")
    fragments = [f"sha256={digest}" if digest else archive.get("hash", "")]
    if origin.get("subdirectory"):
        fragments.append(f"subdirectory={origin['subdirectory']}")
    fragment = "&".join(filter(None, fragments))
    return f"{url}#{fragment}" if fragment else url
