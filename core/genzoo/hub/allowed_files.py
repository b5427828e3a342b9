"""Which files of a repository genzoo takes: names, types and sizes, checked before any is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from genzoo.artifact.format import CARD, CONFIG, GOLDEN, MAX_CONFIG_BYTES, WEIGHTS, ArtifactConfig
from genzoo.errors import ArtifactError

PREVIEWS = (".csv", ".flac", ".gif", ".jpg", ".mp3", ".ogg", ".png", ".txt", ".wav", ".webp")
"""Endings of the files that can show what a model does."""

ENDINGS = tuple(sorted((".json", ".md", ".safetensors", *PREVIEWS)))
"""What an artifact consists of. Nothing of it can hold code."""

LEFT_ALONE = frozenset({".gitattributes", ".gitignore", "LICENSE"})
"""Files of the repository itself, which are never fetched."""

MAX_FILES = 10_000
MAX_BYTES: Mapping[str, int] = {".json": MAX_CONFIG_BYTES, ".md": 16 << 20, ".txt": 64 << 20}
MAX_PICTURE_BYTES = 256 << 20

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_RESERVED = re.compile(r'[\\:*?"<>|]')


@dataclass(frozen=True)
class RemoteFile:
    """A file in a repository, as the Hub describes it.

    Attributes:
        name: Its path below the repository.
        size: In bytes.
        sha256: Of its content, for large files; empty for others.
        git_id: What git calls its content: SHA-1 over `blob SIZE`, a zero byte and the content.
    """

    name: str
    size: int
    sha256: str = ""
    git_id: str = ""


EVALUATION = re.compile(r"evaluation[\w.-]*\.json")
"""Names of the records of evaluations, which lie beside a model and are not listed by it."""


def check_files(files: Iterable[RemoteFile], source: str) -> dict[str, RemoteFile]:
    """The files by name, those that belong to the repository itself left out.

    Raises:
        ArtifactError: One is of another type than an artifact's, leads out of its folder, or is
            too large to be what it says.
    """
    checked = {file.name: file for file in files if file.name not in LEFT_ALONE}
    if len(checked) > MAX_FILES:
        raise ArtifactError(f"'{source}' is refused: it has more than {MAX_FILES:,} files.")
    for file in checked.values():
        reason = _objection(file)
        if reason:
            raise ArtifactError(
                f"'{source}' is refused: its file {_shown(file.name)} {reason}.",
                "Nothing of it was kept. Its owner can remove the file.",
            )
    return checked


def wanted_files(config: ArtifactConfig, present: Iterable[str], *, everything: bool) -> list[str]:
    """Names of the files to fetch: what sampling, showing and verifying need, or everything.

    Args:
        config: What the artifact says about itself.
        present: The repository's files.
        everything: Also what is there to train on.

    Raises:
        ArtifactError: A file that the artifact lists is not there.
    """
    there = set(present)
    listed = [name for name in config.files if everything or _is_needed(name)]
    absent = [name for name in {WEIGHTS: None, **dict.fromkeys(listed)} if name not in there]
    if absent or WEIGHTS not in config.files:
        name = absent[0] if absent else WEIGHTS
        raise ArtifactError(f"The model is incomplete: {_shown(name)} is missing.")
    beside = [CARD, *sorted(name for name in there if EVALUATION.fullmatch(name))]
    return [CONFIG, *(name for name in beside if name in there), *listed]


def check_agreement(config: ArtifactConfig, files: Mapping[str, RemoteFile], source: str) -> None:
    """Compare what the artifact says of its files with what the Hub says.

    Raises:
        ArtifactError: They differ, so the files are not those that were published.
    """
    for name, record in config.files.items():
        file = files.get(name)
        if file is None:
            continue
        if file.size != record.size or file.sha256 not in ("", record.sha256):
            raise ArtifactError(
                f"'{source}' is refused: {_shown(name)} is not the file that its config.json "
                "describes."
            )


def _is_needed(name: str) -> bool:
    return name in (WEIGHTS, GOLDEN) or name.startswith("preview.")


def _objection(file: RemoteFile) -> str:
    """What is wrong with a file; empty if nothing is."""
    path = PurePosixPath(file.name)
    if _UNPRINTABLE.search(file.name) or _RESERVED.search(file.name) or len(file.name) > 200:
        return "has a name that not every system can have"
    if path.is_absolute() or any(part in ("", ".", "..") for part in file.name.split("/")):
        return "leads out of the model's folder"
    if any(part.startswith(".") or part.endswith((".", " ")) for part in path.parts):
        return "is hidden"
    if path.suffix not in ENDINGS:
        return f"is none of {', '.join(ENDINGS)}"
    if path.suffix != ".safetensors" and file.size > MAX_BYTES.get(path.suffix, MAX_PICTURE_BYTES):
        return f"claims {file.size:,} bytes"
    return ""


def _shown(name: str) -> str:
    """A name that can be printed."""
    return f"'{_UNPRINTABLE.sub('?', name[:200])}'"
