"""What the user wants installed, and from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from genzoo.plugins.discovery import normalise


@dataclass(frozen=True)
class Sources:
    """Where packages come from and how they are built.

    Attributes:
        index_url: Package index instead of the default one; empty for the default.
        no_index: Use no index at all.
        find_links: Folders or pages with packages.
        build_isolation: Build in a fresh environment; False builds with what is installed.
    """

    index_url: str = ""
    no_index: bool = False
    find_links: tuple[str, ...] = ()
    build_isolation: bool = True

    def options(self) -> list[str]:
        """The options that pip and uv both have for it."""
        options = ["--index-url", self.index_url] if self.index_url else []
        options += ["--no-index"] if self.no_index else []
        options += [word for place in self.find_links for word in ("--find-links", place)]
        return options + ([] if self.build_isolation else ["--no-build-isolation"])


@dataclass(frozen=True)
class Request:
    """What to install.

    Attributes:
        requirements: Names with specifiers, paths or URLs.
        editable: Project folders to install in place.
        keep: Distributions and the versions that they must have afterwards.
        upgrade: Take the newest versions of `requirements`, even if others are installed.
        sources: Where packages come from.
    """

    requirements: Sequence[str] = ()
    editable: Sequence[str] = ()
    keep: Mapping[str, str] = field(default_factory=dict)
    upgrade: bool = False
    sources: Sources = field(default_factory=Sources)

    @property
    def words(self) -> list[str]:
        """What is to be installed, as arguments of pip and uv."""
        return [*self.requirements, *(word for path in self.editable for word in ("-e", path))]

    @property
    def names(self) -> list[str]:
        """Normalised names among the requirements; bare paths and URLs have none."""
        return [name for name, _ in map(_name_and_url, self.requirements) if name]

    @property
    def direct(self) -> list[str]:
        """The requirements that say where the package lies: paths and URLs."""
        parsed = {text: _name_and_url(text) for text in self.requirements}
        return [text for text, (name, url) in parsed.items() if url or not name]


def _name_and_url(requirement: str) -> tuple[str, str]:
    """Normalised name and URL of a requirement, each empty if it has none."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        parsed = Requirement(requirement)
    except InvalidRequirement:
        return "", ""
    return normalise(parsed.name), parsed.url or ""
