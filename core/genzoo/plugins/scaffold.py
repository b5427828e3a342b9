"""Writes the package of a new plugin: installable, with an architecture that learns."""

from __future__ import annotations

import dataclasses
import json
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, version
from importlib.util import find_spec
from pathlib import Path
from string import Template

from genzoo.errors import UsageError, with_article
from genzoo.plugins.discovery import normalise
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry
from genzoo.system.atomic_files import atomic_folder
from genzoo.version import __version__

PREFIX = "genzoo-"
LONGEST = 30
TEMPLATE = Path(__file__).with_name("template")
SUFFIX = ".tmpl"


@dataclass(frozen=True)
class Content:
    """What the new plugin's architecture models.

    Attributes:
        layers: Folders of `TEMPLATE` whose files make up the package.
        array: What samples are called, several of them.
        data: What it is trained on, for `genzoo train`.
        about: Its generator in a few words.
        file: Where samples go, with the ending that shows them best.
        samples: Shape and range of 16 samples.
        summary: The kind in a few words; empty for images, whose kind comes with genzoo.
        kind_class: Name of the kind's class.
        options_class: Name of the class of its options.
    """

    layers: tuple[str, ...]
    array: str
    data: str
    about: str
    file: str
    samples: str
    summary: str = ""
    kind_class: str = ""
    options_class: str = ""


CONTENTS = {
    "image": Content(
        ("common", "image"),
        "images",
        "peeps --size 32",
        "one small generator of square images",
        "grid.png",
        "(16, 3, 32, 32) in [-1, 1]",
    ),
    "audio": Content(
        ("common", "kind", "audio"),
        "recordings",
        "recordings/ --seconds 0.5",
        "a kind for recordings in .wav files, and one small generator of them",
        "sounds.wav",
        "(16, 1, rate * seconds) in [-1, 1]",
        "Recordings of one length and one channel",
        "Recordings",
        "RecordingOptions",
    ),
    "text": Content(
        ("common", "kind", "text"),
        "lines",
        "texts/ --length 16",
        "a kind for lines of text in .txt files, and one small generator of them",
        "lines.txt",
        "(16, 96, length) in [0, 1]",
        "Lines of text in ASCII",
        "Lines",
        "LineOptions",
    ),
    "own": Content(
        ("common", "kind", "own"),
        "vectors",
        "tables/",
        "a kind for vectors in .csv files, to be replaced by your own, and one small generator",
        "vectors.csv",
        "(16, size) in [-extent, extent]",
        "Vectors of numbers",
        "Vectors",
        "VectorOptions",
    ),
}
"""What a plugin can begin with, by name."""

_KIND_ROW = "| `{}/kind.py` | how samples are read, kept, shown and written: no torch |\n"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_AUTHOR = re.compile(r"\s*(?P<name>[^<>\s][^<>]*?)\s*(<(?P<email>[^<>\s]+@[^<>\s]+)>)?\s*")


@dataclass(frozen=True)
class PluginName:
    """Every spelling of a new plugin's name.

    Attributes:
        short: Its own part, e.g. `flow`.
        architecture: Name of its architecture.
    """

    short: str
    architecture: str

    @property
    def distribution(self) -> str:
        """What pip calls it: `genzoo-flow`."""
        return PREFIX + self.short

    @property
    def package(self) -> str:
        """What Python imports: `genzoo_flow`."""
        return self.distribution.replace("-", "_")

    @property
    def class_prefix(self) -> str:
        """How its classes begin: `MaskedFlow` for the architecture `masked-flow`."""
        return "".join(part.capitalize() for part in self.architecture.split("-"))


def parse_name(name: str, architecture: str | None = None) -> PluginName:
    """Normalise the name of a plugin, with or without its `genzoo-`.

    Args:
        name: E.g. `flow` or `genzoo-flow`.
        architecture: Name of its architecture; by default the plugin's own.

    Raises:
        UsageError: A name that cannot be a package's or an architecture's.
    """
    whole = normalise(name)
    short = "" if whole == "genzoo" else whole.removeprefix(PREFIX)
    _check_spelling(short, "plugin", name)
    if architecture is None:
        return PluginName(short, short)
    _check_spelling(architecture, "architecture", architecture)
    return PluginName(short, architecture)


def check_free(name: PluginName, registry: Registry) -> None:
    """Refuse a name that something installed has already.

    Raises:
        UsageError: Says what has it.
    """
    if (holder := _installed(name)) is not None:
        raise UsageError(
            f"The name '{name.distribution}' is taken: {holder} is installed.",
            "Choose another, or uninstall that one.",
        )
    for entry in registry[ArchitectureSpec].values():
        if entry.record.name == name.architecture:
            raise UsageError(
                f"There is an architecture '{name.architecture}' already, in {entry.distribution}.",
                "Choose another name for yours with --architecture.",
            )


def write_plugin(
    name: PluginName, folder: Path, author: str = "", content: Content = CONTENTS["image"]
) -> None:
    """Write the package.

    Args:
        name: What it is called.
        folder: Where: new, or empty.
        content: What its architecture models.
        author: Who writes it, as `Ada` or `Ada <ada@example.org>`; may be empty.

    Raises:
        UsageError: The folder holds something, or the author is malformed.
        StorageError: The folder cannot be written; nothing is left of it.
    """
    place = folder.resolve()
    _check_place(folder, place)
    files = dict(_render(name, author, content))
    with atomic_folder(place) as temporary:
        for path, text in files.items():
            target = temporary / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")


def _check_spelling(name: str, what: str, given: str) -> None:
    if keyword.iskeyword(name):
        raise UsageError(
            f"'{name}' is a keyword of Python, which makes a confusing {what} name.",
            f"Choose another, such as {name}-model.",
        )
    if not _NAME.fullmatch(name) or len(name) > LONGEST:
        raise UsageError(
            f"'{given}' is not {with_article(what)} name.",
            f"Use at most {LONGEST} lower case letters, digits and single '-', a letter first.",
        )


def _installed(name: PluginName) -> str | None:
    """What has the name of the distribution or of the package; None if nothing does."""
    try:
        return f"{name.distribution} {version(name.distribution)}"
    except PackageNotFoundError:
        return f"the package {name.package}" if find_spec(name.package) else None


def _check_place(folder: Path, place: Path) -> None:
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UsageError(f"{folder} is not empty.", "Choose another folder with -o.")
    if place == Path.cwd():
        # The folder is put in place as a whole, and a shell would be left in the one that went.
        raise UsageError(
            "The current folder cannot be replaced.", "Go one up, or choose another with -o."
        )


def _render(name: PluginName, author: str, content: Content) -> Iterator[tuple[Path, str]]:
    """Path in the package and content of every file."""
    values = {
        "short": name.short,
        "distribution": name.distribution,
        "package": name.package,
        "architecture": name.architecture,
        "prefix": name.class_prefix,
        "authors": _toml_author(author) if author else "",
        "requirement": requirement(),
        "python": _oldest_python(),
        "kind": kind_name(name),
        "kind_row": _KIND_ROW.format(name.package) if content.summary else "",
        **dataclasses.asdict(content),
    }
    for layer in content.layers:
        for source in sorted((TEMPLATE / layer).rglob(f"*{SUFFIX}")):
            path = source.relative_to(TEMPLATE / layer).with_suffix("")
            parts = [name.package if part == "package" else part for part in path.parts]
            yield Path(*parts), Template(source.read_text(encoding="utf-8")).substitute(values)


def kind_name(name: PluginName) -> str:
    """The name of the kind that comes with a plugin: `flow-samples`, which no other plugin has."""
    return f"{name.short}-samples"


def requirement() -> str:
    """The versions of genzoo that a plugin written today asks for: `genzoo>=0.1.0,<0.2`."""
    from packaging.version import Version

    current = Version(__version__)
    major, minor = current.major, current.minor
    following = f"{major + 1}" if major else f"0.{minor + 1}"
    return f"genzoo>={current.public},<{following}"


def _oldest_python() -> str:
    """The oldest Python that genzoo runs on: `3.11`."""
    return metadata("genzoo")["Requires-Python"].removeprefix(">=")


def _toml_author(author: str) -> str:
    """A table for the `authors` of a pyproject.toml.

    Raises:
        UsageError: The author has no name, or a malformed address.
    """
    parsed = _AUTHOR.fullmatch(author)
    if parsed is None or not author.isprintable():
        raise UsageError(
            f"'{author}' is not an author.",
            'Say --author "Ada", or --author "Ada <ada@example.org>".',
        )
    # What json escapes, and how, TOML understands.
    fields = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in parsed.groupdict().items()
        if value
    ]
    return f"{{ {', '.join(fields)} }}"
