"""The groups of tensors in a checkpoint that might be the model's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from genzoo.errors import UsageError, unknown_name

MAX_GROUPS = 10_000
MAX_DEPTH = 12

Group = dict[str, str]
"""Names in the file by what follows the group's prefix."""


def under(names: Iterable[str], prefix: str) -> list[str]:
    """The names that begin with a prefix.

    Raises:
        UnknownNameError: None does.
    """
    every = list(names)
    chosen = [name for name in every if name.startswith(f"{prefix.rstrip('.')}.")]
    chosen = chosen or [name for name in every if name.startswith(prefix)]
    if not chosen:
        tops = {name.partition(".")[0] for name in every}
        raise unknown_name("group of tensors in the file", prefix, tops)
    return chosen


def groups(names: Iterable[str]) -> dict[str, Group]:
    """Every group of names that share their beginning up to a dot, by that beginning.

    `""` is the group of them all.

    Raises:
        UsageError: There are too many to try them all.
    """
    members: dict[str, Group] = {"": {}}
    for name in names:
        members[""][name] = name
        for position in _dots(name):
            members.setdefault(name[:position], {})[name[position + 1 :]] = name
        if len(members) > MAX_GROUPS:
            raise UsageError(
                f"The file holds over {MAX_GROUPS:,} groups of tensors, too many to try.",
                "Say which with --prefix.",
            )
    return members


def _dots(name: str) -> Iterator[int]:
    return islice((place for place, sign in enumerate(name) if sign == "."), MAX_DEPTH)
