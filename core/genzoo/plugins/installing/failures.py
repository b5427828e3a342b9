"""From what pip or uv prints when it fails to one sentence and a hint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from genzoo.errors import InstallError
from genzoo.plugins.discovery import normalise

_DEMAND = re.compile(r"^ +(?P<who>\S+ \S+) depends on (?P<what>.+)$", re.MULTILINE)
_USERS_DEMAND = re.compile(r"^ +The user requested (?!\(constraint\))(?P<what>.+)$", re.MULTILINE)
_UV_DEMAND = re.compile(
    r"(?:all versions of |only )?(?P<who>[\w.-]+(?:==\S+)?) depends? on "
    r"(?P<what>[\w.-]+(?:\[.*?\])?[<>=!~][^\s,]*(?:,[<>=!~][^\s,]*)*)"
)
_UV_USERS_DEMAND = re.compile(r"you require (?P<what>[\w.-]+[<>=!~]\S*?),?(?=\s|$)")
_NOT_FOUND = re.compile(
    r"Could not find a version that satisfies the requirement (?P<what>.+?)"
    r"(?: \(from (?!versions:)(?P<who>.+?)\))? \(from versions: (?P<versions>[^)]*)\)"
)
_UV_NOT_FOUND = re.compile(r"(?P<what>[\w.-]+) was not found in the ")
_UV_NO_VERSION = re.compile(r"only (?P<versions>\S+) is available and you require (?P<what>\S+?),")
_UNREACHABLE = re.compile(
    r"connection broken by|Failed to fetch|Could not fetch URL|error sending request"
)
_ESSENTIAL = (
    re.compile(r"^\s*fatal: (.+)$", re.MULTILINE),
    re.compile(r"^\s*(?:│ )?([\w.]*(?:Error|Exception|BackendUnavailable): .+)$", re.MULTILINE),
    re.compile(r"^\s*(?:cause|Caused by): (.+)$", re.MULTILINE),
    re.compile(r"^\s+error: (?!subprocess-exited)(.+)$", re.MULTILINE),
    re.compile(r"^(?:ERROR|error): (?!subprocess-exited)(.+)$", re.MULTILINE),
    re.compile(r"^\s*× (.+)$", re.MULTILINE),
    re.compile(r"^\s*(\S.+)$", re.MULTILINE),
)


def explain_failure(output: str, keep: Mapping[str, str]) -> InstallError:
    """The error that says what stands in the way.

    Args:
        output: What pip or uv printed.
        keep: Versions by normalised name that had to stay as they are.
    """
    # uv folds its sentences.
    flat = " ".join(output.split())
    return (
        _kept_conflict(output, flat, keep)
        or _other_conflict(output)
        or _unreachable(output)
        or _not_found(flat)
        or _anything_else(output)
    )


def _kept_conflict(output: str, flat: str, keep: Mapping[str, str]) -> InstallError | None:
    for demand in (*_DEMAND.finditer(output), *_UV_DEMAND.finditer(flat)):
        name = _name_in(demand["what"])
        if name in keep and f"{name}=={keep[name]}" in flat:
            who = demand["who"].replace("==", " ")
            return InstallError(
                f"{who} wants {demand['what']}, but {name} {keep[name]} is installed and is kept.",
                _way_out(who.split()[0], name),
            )
    for pattern, text in ((_USERS_DEMAND, output), (_UV_USERS_DEMAND, flat)):
        for demand in pattern.finditer(text):
            name = _name_in(demand["what"])
            if name in keep:
                return InstallError(
                    f"You ask for {demand['what']}, but {name} {keep[name]} is installed "
                    "and is kept.",
                    f"To change {name}, use pip itself.",
                )
    return None


def _way_out(package: str, kept: str) -> str:
    if kept == "genzoo":
        return (
            f"Ask for another version of {package}, or upgrade genzoo first: "
            "python -m pip install --upgrade genzoo"
        )
    return (
        f"Ask for another version of {package}, or install it beside another {kept} "
        "in an environment of its own."
    )


def _other_conflict(output: str) -> InstallError | None:
    found = [f"{match['who']} wants {match['what']}" for match in _DEMAND.finditer(output)]
    found += [f"you ask for {match['what']}" for match in _USERS_DEMAND.finditer(output)]
    if not found:
        return None
    sentence = ", ".join(dict.fromkeys(found))
    return InstallError(
        f"Nothing fits all of these: {sentence}.", "Ask for other versions, or for fewer packages."
    )


def _unreachable(output: str) -> InstallError | None:
    if not _UNREACHABLE.search(output):
        return None
    return InstallError(
        "The package index cannot be reached.",
        "Check the connection, or install from a folder: --no-index --find-links FOLDER",
    )


def _not_found(flat: str) -> InstallError | None:
    match = _NOT_FOUND.search(flat) or _UV_NO_VERSION.search(flat) or _UV_NOT_FOUND.search(flat)
    if match is None:
        return None
    found = match.groupdict()
    name, versions = _name_in(found["what"]), found.get("versions") or "none"
    wanted_by = f" (needed by {found['who']})" if found.get("who") else ""
    if versions != "none":
        return InstallError(
            f"No version of {name} fits '{found['what']}'{wanted_by}: "
            f"there is {versions.removeprefix(name)}.",
            "Ask for one of these.",
        )
    hint = "Check the spelling; a folder is given as ./FOLDER, a repository as git+https://..."
    if Path(name).is_dir():
        hint = f"To install the folder of that name, type: genzoo plugins install ./{name}"
    return InstallError(f"No package named '{name}'{wanted_by} was found.", hint)


def _anything_else(output: str) -> InstallError:
    lines = [match.group(1) for pattern in _ESSENTIAL for match in pattern.finditer(output)]
    reason = lines[0].strip().rstrip(".:") if lines else "it does not say why"
    return InstallError(
        f"It cannot be installed: {reason}.", "Run it again with --debug for all of the output."
    )


def _name_in(requirement: str) -> str:
    """The normalised name at the beginning of a requirement."""
    match = re.match(r"[\w.-]*\w", requirement)
    return normalise(match.group()) if match else requirement
