"""From nested containers to tensors by dotted name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from genzoo.errors import ArtifactError

MAX_DEPTH = 16
MAX_VALUES = 200_000
MAX_NAME = 500


T = TypeVar("T")


def flatten(content: Any, path: Path, pick: Callable[[str, Any], T | None]) -> dict[str, T]:
    """The tensors of a checkpoint by the keys that lead to them, joined by dots, in order.

    Args:
        content: What the file holds.
        path: The file, for errors.
        pick: The tensor that a value is, by its name; None for other values, which are passed
            over: step counts, learning rates, names.

    Raises:
        ArtifactError: It is nested too deeply, as in a circle, holds too much, a name is too long
            or not text, or two tensors have the same.
    """
    tensors: dict[str, T] = {}
    for number, (name, value) in enumerate(_walk(content, "", path)):
        if number >= MAX_VALUES:
            raise ArtifactError(f"'{path}' is refused: it holds over {MAX_VALUES:,} values.")
        tensor = pick(name, value)
        if tensor is None:
            continue
        if len(name) > MAX_NAME:
            raise ArtifactError(f"'{path}' is refused: a name has over {MAX_NAME} characters.")
        if name in tensors:
            raise ArtifactError(f"'{path}' is refused: two tensors are named {name}.")
        if any("\ud800" <= sign <= "\udfff" for sign in name):
            raise ArtifactError(f"'{path}' is refused: a name in it is not text.")
        tensors[name] = tensor
    return tensors


def _walk(value: Any, name: str, path: Path, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > MAX_DEPTH:
        raise ArtifactError(f"'{path}' is refused: it is nested more than {MAX_DEPTH} deep.")
    yield name, value
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _walk(child, _join(name, key), path, depth + 1)
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            yield from _walk(child, _join(name, index), path, depth + 1)


def _join(name: str, key: object) -> str:
    """Of a name that is too long already, no more is kept than shows that."""
    name = name[: MAX_NAME + 1]
    return f"{name}.{key}" if name else str(key)
