"""What names a model on the Hub: `[hf://]owner/name[/folder][@revision]`. Imports nothing heavy."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from genzoo.errors import UsageError

PREFIX = "hf://"
"""How an address on the Hub begins; the name of a model may do without."""

MAIN = "main"
"""The branch that is meant where no revision is given."""

_WORD = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_REVISION = r"[A-Za-z0-9_](?:[A-Za-z0-9._/-]{0,198}[A-Za-z0-9_])?"
_FOLDER = rf"{_WORD}(?:/{_WORD}){{0,4}}"
_REFERENCE = re.compile(
    rf"(?P<owner>{_WORD})/(?P<name>{_WORD})(?:/(?P<folder>{_FOLDER}))?"
    rf"(?:@(?P<revision>{_REVISION}))?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
# The Hub has neither in names, and git has no `..` in revisions; both have a meaning in paths.
_NEVER = ("..", "--", "//")


@dataclass(frozen=True)
class HubReference:
    """A model on the Hub at a branch, tag, pull request (`refs/pr/N`) or commit.

    Attributes:
        folder: Where in the repository it lies; empty for the repository itself.
    """

    owner: str
    name: str
    revision: str = MAIN
    folder: str = ""

    @property
    def repository(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def place(self) -> str:
        """`owner/name`, or `owner/name/folder`."""
        return f"{self.repository}/{self.folder}" if self.folder else self.repository

    def path_of(self, file: str) -> str:
        """Where a file of the model is in the repository."""
        return f"{self.folder}/{file}" if self.folder else file

    @property
    def is_commit(self) -> bool:
        """Whether the revision is a commit, which never changes."""
        return is_commit(self.revision)

    def at(self, revision: str) -> HubReference:
        """The same model at another revision."""
        return replace(self, revision=revision)

    def __str__(self) -> str:
        return self.place if self.revision == MAIN else f"{self.place}@{self.revision}"


def as_reference(text: str) -> HubReference | None:
    """What `text` names on the Hub; None if it cannot be a name there."""
    text = text.removeprefix(PREFIX)
    found = _REFERENCE.fullmatch(text)
    if found is None or any(sign in text for sign in _NEVER):
        return None
    revision, folder = found["revision"] or MAIN, found["folder"] or ""
    return HubReference(found["owner"], found["name"], revision, folder)


def parse_reference(text: str) -> HubReference:
    """What `text` names on the Hub.

    Raises:
        UsageError: It cannot be a name there.
    """
    reference = as_reference(text)
    if reference is None:
        raise UsageError(
            f"'{text}' is not a name of a model on the Hugging Face Hub.",
            "Such a name is OWNER/NAME, OWNER/NAME@REVISION or OWNER/NAME/FOLDER.",
        )
    return reference


def parse_repository(text: str) -> HubReference:
    """What `text` names on the Hub, where only a whole repository will do.

    Raises:
        UsageError: It cannot be a name there, or is one of a folder.
    """
    reference = parse_reference(text)
    if reference.folder:
        raise UsageError(
            f"'{text}' is a folder of a repository, and a model is published as a whole one.",
            f"Say {reference.repository}, or another OWNER/NAME.",
        )
    return reference


def is_commit(text: str) -> bool:
    """Whether `text` is the full id of a commit."""
    return _COMMIT.fullmatch(text) is not None
