"""A set of plugins in a file: a requirements file, which pip and uv can read too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from genzoo.errors import InstallError, UsageError
from genzoo.plugins.discovery import normalise
from genzoo.plugins.installed_packages import (
    direct_url,
    installed_distributions,
    pinned_url,
    plugin_distributions,
)
from genzoo.version import __version__

_COMMENT = re.compile(r"(^|\s)#.*$")
_EDITABLE = re.compile(r"^(?:-e|--editable)[ =]\s*(?P<path>.+)$")


@dataclass(frozen=True)
class Pin:
    """One line of the file.

    Attributes:
        text: The requirement as pip takes it, or the URL of an editable folder.
        name: Normalised name; empty where only the folder tells it.
        url: Where it comes from; empty for what an index has.
        editable: Whether it is a folder installed in place.
        version: The version that is installed; empty for what was read from a file.
    """

    text: str
    name: str = ""
    url: str = ""
    editable: bool = False
    version: str = ""

    @property
    def word(self) -> str:
        """What installs it, for pip and uv."""
        # pip before 24 refuses NAME @ git+file:///PATH.
        text = self.url if self.url.startswith("git+file:") else self.text
        return f"--editable={text}" if self.editable else text


def freeze() -> list[Pin]:
    """The plugins that are installed now, each at its version and origin."""
    found, pins = installed_distributions(), []
    for name in sorted(plugin_distributions() & found.keys()):
        origin, version = direct_url(found[name]), found[name].version
        url = pinned_url(origin) if origin else ""
        editable = bool(origin.get("dir_info", {}).get("editable"))
        text = url if editable else f"{name} @ {url}" if url else f"{name}=={version}"
        pins.append(Pin(text, name, url, editable, version))
    return pins


def render(pins: Sequence[Pin]) -> str:
    """The file's text; a line that does not tell name or version has them as a comment."""
    lines = [f"# genzoo=={__version__}", "# Install with: genzoo plugins sync FILE"]
    for pin in pins:
        remark = f"  # {pin.name}=={pin.version}" if pin.url else ""
        lines.append(f"{'-e ' * pin.editable}{pin.text}{remark}")
    return "\n".join(lines) + "\n"


def read_pins(file: Path) -> list[Pin]:
    """Read what `render` wrote, or a requirements file with names, URLs and `-e` lines alone.

    Raises:
        InstallError: The file cannot be read.
        UsageError: A line is something else.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        hint = "Write one with: genzoo plugins freeze -o FILE"
        raise InstallError(f"'{file}' cannot be read.", hint) from error
    stripped = [_COMMENT.sub("", line).strip() for line in lines]
    pins = [_parse(line, f"Line {n} of '{file}'") for n, line in enumerate(stripped, 1) if line]
    return [pin for pin in pins if pin]


def _parse(line: str, place: str) -> Pin | None:
    """A line as a pin; None for one that does not count on this machine."""
    from packaging.requirements import Requirement

    try:
        if editable := _EDITABLE.match(line):
            path = editable["path"].strip()
            url = path if "://" in path else Path(path).resolve().as_uri()
            urlsplit(url)
            return Pin(url, url=url, editable=True)
        parsed = Requirement(line)
        urlsplit(parsed.url or "")
        counts = parsed.marker is None or parsed.marker.evaluate()
    except (ValueError, KeyError):
        # No requirement, a marker that compares what has no order, or an address that is none.
        hint = "A line is NAME==VERSION, NAME @ URL or -e FOLDER; an index is an option."
        raise UsageError(f"{place} is not understood: {line}", hint) from None
    return Pin(line, normalise(parsed.name), parsed.url or "") if counts else None


def installed_as(pin: Pin, here: Sequence[Pin]) -> Pin | None:
    """The one of the installed plugins `here` that is as a pin asks; None if there is none."""
    from packaging.requirements import Requirement

    if pin.url:
        return next((i for i in here if (i.url, i.editable) == (pin.url, pin.editable)), None)
    asked = Requirement(pin.text)
    for one in here:
        fits = asked.specifier.contains(one.version, prereleases=True)
        # Whether an extra is complete, only the resolver knows.
        if one.name == pin.name and fits and not asked.extras:
            return one
    return None
