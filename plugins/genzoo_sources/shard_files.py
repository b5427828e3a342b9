"""Data sets in tar files, the shards: which files a name means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from genzoo import DataError, Kind, UsageError, holds_files, is_split, split_to_train_on
from genzoo_sources.messages import SHOWN

ENDING = ".tar"

CLASSES = "classes.txt"
"""Beside the shards: a class name a line, in the order of the numbers in `.cls` files."""

BRACES = re.compile(r"\{([^{}]*)\}")
RANGE = re.compile(r"([0-9]+)\.\.([0-9]+)")

MOST_SHARDS = 100_000
"""Shards that a pattern may stand for."""

DIGITS = 18
"""Digits that the number of a shard may have."""

LONG = 200
"""Characters of a pattern that a message shows."""


def matches(data: str, kind: Kind) -> bool:
    """Whether `data` is a folder of shards, or a pattern for several of them."""
    folder = Path(data).expanduser()
    return is_pattern(data) or (folder.is_dir() and bool(shards_in(folder, kind)))


def is_pattern(name: str) -> bool:
    """Whether `name` stands for several shards: `shards/{000..099}.tar`."""
    return name.lower().endswith(ENDING) and BRACES.search(name) is not None


def expand(pattern: str) -> list[str]:
    """The names that a pattern with `{000..099}` or `{a,b}` in it stands for, in order.

    Raises:
        UsageError: They are more than `MOST_SHARDS`.
    """
    names = [""]
    # What is between the braces stands at odd places.
    for place, part in enumerate(BRACES.split(pattern)):
        choices = _choices(part, pattern) if place % 2 else [part]
        if len(names) * len(choices) > MOST_SHARDS:
            raise _too_many(pattern)
        names = [name + choice for name in names for choice in choices]
    return names


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
    return shards if shards and not holds_files(folder, kind, (CLASSES,)) else []


def _is_shard(path: Path) -> bool:
    return path.suffix.lower() == ENDING and not path.name.startswith(".") and path.is_file()


def _choices(text: str, pattern: str) -> list[str]:
    match = RANGE.fullmatch(text)
    if match is None:
        return text.split(",")
    if max(map(len, match.groups())) > DIGITS:
        raise _too_many(pattern)
    first, last = int(match[1]), int(match[2])
    step = 1 if first <= last else -1
    numbers = range(first, last + step, step)
    if len(numbers) > MOST_SHARDS:
        raise _too_many(pattern)
    return [f"{number:0{len(match[1])}d}" for number in numbers]


def _too_many(pattern: str) -> UsageError:
    shown = pattern if len(pattern) < LONG else f"{pattern[:LONG]}..."
    return UsageError(
        f"'{shown}' stands for more than {MOST_SHARDS:,} shards.",
        "Check the numbers between the braces.",
    )


def shards_to_train_on(shards: Sequence[Path], name: str) -> tuple[list[Path], list[str]]:
    """The shards of the split `train` where their names are those of splits, and a note of it.

    Args:
        shards: All in a folder.
        name: What the user typed.

    Raises:
        DataError: They are of splits, and of none to train on.
    """
    words = [set(filter(is_split, re.split("[^a-z]+", shard.stem.lower()))) for shard in shards]
    if any(len(each) != 1 for each in words):
        return list(shards), []
    names = [word for (word,) in words]
    split = split_to_train_on((f"{word}/" for word in names), name)
    if split is None:
        return list(shards), []
    chosen = [shard for shard, word in zip(shards, names, strict=True) if word == split.folder]
    return chosen, [split.note]
