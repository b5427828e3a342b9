"""What to type to install, change or remove a plugin.

What a model or a plugin says of itself is data: no more of it gets into a command than is a
distribution's name (PEP 503) or a range of versions (PEP 440), whatever else it may be.
"""

from __future__ import annotations

import re

UNNAMED = "NAME"
"""Stands in a command for what is not a name."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)


def install_command(distribution: str, versions: str = "") -> str:
    """Installs or updates a distribution.

    Args:
        distribution: Its name.
        versions: Which of its versions will do, as a requirement says it, e.g. `>=2`; left out
            where it is not such a range.
    """
    name, chosen = as_name(distribution), _as_range(versions)
    wanted = f"'{name}{chosen}'" if chosen else name
    if distribution == "genzoo":
        return f"pip install --upgrade {wanted}"
    return f"genzoo plugins install {wanted}"


def uninstall_command(distribution: str) -> str:
    """Removes a distribution."""
    return f"genzoo plugins uninstall {as_name(distribution)}"


def as_name(text: str) -> str:
    """The text if it is a distribution's name, and otherwise `NAME`."""
    return text if _NAME.fullmatch(text) and len(text) <= 100 else UNNAMED


def _as_range(text: str) -> str:
    """The range that the text is, spelt by its parser; empty where it is none.

    `===`, which takes any text for a version, is left out.
    """
    # 10 ms to import, and needed where something is wrong only.
    from packaging.specifiers import InvalidSpecifier, Specifier
    from packaging.version import InvalidVersion, Version

    found = []
    try:
        for one in map(Specifier, filter(None, map(str.strip, text.split(",")))):
            version, star = one.version.removesuffix(".*"), one.version.endswith(".*")
            if one.operator != "===":
                found.append(f"{one.operator}{Version(version)}{'.*' if star else ''}")
    except (InvalidSpecifier, InvalidVersion):
        return ""
    return ",".join(found)
