"""From nested containers to tensors by dotted name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from genzoo.errors import ArtifactError

MAX_DEPTH = 16
MAX_VALUES = 200_000
MAX_NAME = 500


def flatten(content: Any, path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by the keys that lead to them, joined by dots, in order.

    Other values are passed over: step counts, learning rates, names.

    Raises:
        ArtifactError: It is nested too deeply, as in a circle, holds too much, a name is too long,
            or two tensors have the same.
    """
    tensors: dict[str, Tensor] = {}
    for number, (name, value) in enumerate(_walk(content, "", path)):
        if number >= MAX_VALUES:
            raise ArtifactError(f"'{path}' is refused: it holds over {MAX_VALUES:,} values.")
        if not isinstance(value, Tensor):
            continue
        if len(name) > MAX_NAME:
            raise ArtifactError(f"'{path}' is refused: a name has over {MAX_NAME} characters.")
        if name in tensors:
            raise ArtifactError(f"'{path}' is refused: two tensors are named {name}.")
        tensors[name] = value.detach()
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
    return f"{name}.{key}" if name else str(key)
