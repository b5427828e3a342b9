"""Data sets in tar files, the shards: which files a name means."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path, PurePath

from genzoo.data.remarks import SHOWN
from genzoo.errors import DataError
from genzoo.interfaces.kind import Kind

ENDING = ".tar"

CLASSES = "classes.txt"
"""Beside the shards: a class name a line, in the order of the numbers in `.cls` files."""

BRACES = re.compile(r"\{([^{}]*)\}")
RANGE = re.compile(r"(\d+)\.\.(\d+)")


def is_pattern(name: str) -> bool:
    """Whether `name` stands for several shards: `shards/{000..099}.tar`."""
    return name.lower().endswith(ENDING) and BRACES.search(name) is not None


def expand(pattern: str) -> list[str]:
    """The names that a pattern with `{000..099}` or `{a,b}` in it stands for, in order."""
    match = BRACES.search(pattern)
    if match is None:
        return [pattern]
    before, after = pattern[: match.start()], pattern[match.end() :]
    return [
        before + choice + rest
        for choice, rest in itertools.product(_choices(match[1]), expand(after))
    ]


def shards_of_pattern(pattern: str) -> list[Path]:
    """The files that a pattern stands for.

    Raises:
        DataError: One of them is not there.
    """
    shards = [Path(name).expanduser() for name in expand(pattern)]
    missing = [str(shard) for shard in shards if not shard.is_file()]
    if missing:
        shown = ", ".join(missing[:SHOWN])
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise DataError(
            f"Of the {len(shards)} shards of '{pattern}', {len(missing)} are missing: "
            f"{shown}{more}.",
            "Check the pattern.",
        )
    return shards


def shards_in(folder: Path, kind: Kind) -> list[Path]:
    """The shards in a folder; none where it has files of its own that hold samples."""
    try:
        shards = sorted(path for path in folder.iterdir() if _is_shard(path))
    except OSError:
        return []
    return shards if shards and not holds_files(folder, kind) else []


def _is_shard(path: Path) -> bool:
    return path.suffix.lower() == ENDING and not path.name.startswith(".") and path.is_file()


def holds_files(folder: Path, kind: Kind) -> bool:
    """Whether there is a file in `folder`, or below it, that has an ending of the kind."""
    return any(
        not name.startswith(".") and name != CLASSES and PurePath(name).suffix.lower() in kind.reads
        for _, _, names in os.walk(folder)
        for name in names
    )


def _choices(text: str) -> list[str]:
    match = RANGE.fullmatch(text)
    if match is None:
        return text.split(",")
    first, last = int(match[1]), int(match[2])
    step = 1 if first <= last else -1
    return [f"{number:0{len(match[1])}d}" for number in range(first, last + step, step)]
