"""Where an installed distribution came from, after PEP 610 (`direct_url.json`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import Distribution
from typing import Any

from genzoo.plugins.discovery import normalise


def requirement_line(distribution: Distribution) -> str:
    """The line of a requirements file that installs exactly this again.

    `-e URL` for a folder installed in place, `NAME @ URL` for a repository at its commit, a folder
    or an archive with its hash, `NAME==VERSION` for what came from an index.
    """
    name = normalise(distribution.metadata["Name"])
    origin = direct_url(distribution)
    if not origin.get("url"):
        return f"{name}=={distribution.version}"
    source = pinned_url(origin)
    return f"-e {source}" if is_editable(origin) else f"{name} @ {source}"


def source_of(distribution: Distribution) -> str:
    """The URL that it was installed from, pinned; empty for what came from an index."""
    origin = direct_url(distribution)
    return pinned_url(origin) if origin.get("url") else ""


def is_editable(origin: Mapping[str, Any]) -> bool:
    """Whether the record is of a folder installed in place."""
    return bool(origin.get("dir_info", {}).get("editable"))


def direct_url(distribution: Distribution) -> Mapping[str, Any]:
    """What `direct_url.json` holds; empty for what came from an index, or if it is damaged."""
    try:
        found = json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def pinned_url(origin: Mapping[str, Any]) -> str:
    """The URL of a PEP 610 record as a requirement has it: with commit, hash and subdirectory."""
    url, fragments = origin["url"], []
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
    digest = _digest(origin.get("archive_info", {}))
    if digest:
        fragments.append(digest)
    if origin.get("subdirectory"):
        fragments.append(f"subdirectory={origin['subdirectory']}")
    return f"{url}#{'&'.join(fragments)}" if fragments else str(url)


def _digest(archive: Mapping[str, Any]) -> str:
    """`sha256=...`; empty if it is not known."""
    hashes = archive.get("hashes") or {}
    if "sha256" in hashes:
        return f"sha256={hashes['sha256']}"
    return str(archive.get("hash", ""))
