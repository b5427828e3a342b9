"""A set of plugins in a file: a requirements file, which pip and uv can read too."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib.metadata import Distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from genzoo.errors import InstallError, UsageError
from genzoo.plain_files import MOST_BYTES
from genzoo.plugins.discovery import normalise
from genzoo.plugins.installing.inventory import installed_distributions, plugin_distributions
from genzoo.plugins.installing.origin import requirement_line
from genzoo.version import __version__

_HEADER = re.compile(r"^# genzoo==(\S+)", re.MULTILINE)
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
    def line(self) -> str:
        """Its line in a file; what does not tell name or version has them as a comment."""
        if not self.url:
            return self.text
        return f"{'-e ' * self.editable}{self.text}  # {self.name}=={self.version}"

    @property
    def requirement(self) -> str:
        """What installs it, for pip and uv."""
        # pip before 24 refuses NAME @ git+file:///PATH.
        return self.url if self.url.startswith("git+file:") else self.text

    @property
    def folder(self) -> Path | None:
        """The file, folder or repository of this machine that it comes from."""
        parts = urlsplit(self.url.removeprefix("git+"))
        if parts.scheme != "file":
            return None
        path = parts.path.rpartition("@")[0] if self.url.startswith("git+") else parts.path
        return Path(url2pathname(path or parts.path))


@dataclass(frozen=True)
class PluginSet:
    """The plugins that a file asks for.

    Attributes:
        pins: One per plugin.
        genzoo: The version of genzoo that the file was written with; empty if it does not say.
    """

    pins: tuple[Pin, ...]
    genzoo: str = ""


def freeze() -> PluginSet:
    """The plugins that are installed now, each at its version and origin."""
    found = installed_distributions()
    names = sorted(plugin_distributions() & found.keys())
    return PluginSet(tuple(_pin_of(found[name]) for name in names), __version__)


def _pin_of(distribution: Distribution) -> Pin:
    name = normalise(distribution.metadata["Name"])
    pin = _parse_line(requirement_line(distribution))
    return replace(pin, name=name, version=distribution.version)


def render(plugins: PluginSet) -> str:
    """The file's text."""
    lines = [f"# genzoo=={plugins.genzoo}", "# Install with: genzoo plugins sync FILE"]
    return "\n".join([*lines, *(pin.line for pin in plugins.pins)]) + "\n"


def read_plugin_set(file: Path) -> PluginSet:
    """Read what `render` wrote, or a requirements file with names, URLs and `-e` lines alone.

    Raises:
        InstallError: The file cannot be read.
        UsageError: A line is something else.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InstallError(
            f"'{file}' cannot be read.", "Write one with: genzoo plugins freeze -o FILE"
        ) from error
    header = _HEADER.search(text)
    pins = []
    for number, line in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", line).strip()
        if line and _applies(line, file, number):
            pins.append(_parse_line(line))
    return PluginSet(tuple(pins), header.group(1) if header else "")


def _applies(line: str, file: Path, number: int) -> bool:
    """Whether the line counts on this machine."""
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
    from packaging.requirements import InvalidRequirement, Requirement

    strange = (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName, ValueError)
    try:
        if editable := _EDITABLE.match(line):
            urlsplit(editable["path"].strip())
            return True
        requirement = Requirement(line)
        urlsplit(requirement.url or "")
        return requirement.marker is None or requirement.marker.evaluate()
    except strange:
        raise UsageError(
            f"Line {number} of '{file}' is not understood: {line}",
            "A line is NAME==VERSION, NAME @ URL or -e FOLDER; indexes are options of the command.",
        ) from None


def _parse_line(line: str) -> Pin:
    from packaging.requirements import Requirement

    editable = _EDITABLE.match(line)
    if editable:
        url = _folder_url(editable["path"].strip())
        return Pin(url, url=url, editable=True)
    requirement = Requirement(line)
    return Pin(line, normalise(requirement.name), requirement.url or "")


def _folder_url(path: str) -> str:
    return path if "://" in path else Path(path).resolve().as_uri()


def only_here(plugins: PluginSet) -> list[str]:
    """Names of the plugins that come from a file or folder of this machine."""
    return [pin.name for pin in plugins.pins if pin.folder is not None]
