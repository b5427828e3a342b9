"""What a file says, with its tensors: what plugins look at to know a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from genzoo import ArtifactError, ForeignObject
from genzoo_import.inert_pickle import Name, PickleError, Reference
from genzoo_import.torch_files import TorchFile

MAX_DEPTH = 120
MAX_VALUES = 1_000_000
MAX_NAME = 200

_PLUMBING = frozenset({"state", "_modules", "_parameters", "_buffers"})
_REBUILT = "copyreg._reconstructor"


def foreign_content(file: TorchFile, path: Path) -> Any:
    """Plain values, tensors and `ForeignObject`s: what is shared in the file is shared here.

    Raises:
        ArtifactError: It is nested too deeply or holds too much, or a tensor is not in the file;
            says which record.
    """
    return _Reading(file, path).value(file.content, "", 0)


class _Reading:
    def __init__(self, file: TorchFile, path: Path) -> None:
        self._file = file
        self._path = path
        self._known: dict[int, Any] = {}
        self._count = 0

    def value(self, found: Any, name: str, depth: int) -> Any:
        """`found` with tensors in the place of what would make them."""
        self._count += 1
        if self._count > MAX_VALUES:
            raise ArtifactError(f"'{self._path}' is refused: it holds over {MAX_VALUES:,} values.")
        if depth > MAX_DEPTH:
            raise ArtifactError(
                f"'{self._path}' is refused: {name} is nested more than {MAX_DEPTH} deep."
            )
        if isinstance(found, Name):
            return ForeignObject(found.name)
        if isinstance(found, Reference):
            return ForeignObject("storage")
        if not isinstance(found, dict | list | tuple | ForeignObject):
            return found
        if id(found) not in self._known:
            self._known[id(found)] = self._container(found, name, depth + 1)
        return self._known[id(found)]

    def _container(self, found: Any, name: str, depth: int) -> Any:
        if isinstance(found, tuple):
            return tuple(self.value(each, name, depth) for each in found)
        if isinstance(found, list):
            items: list[Any] = []
            self._known[id(found)] = items
            items += [self.value(each, name, depth) for each in found]
            return items
        if isinstance(found, dict):
            return self._entries(found, {}, name, depth)
        if found.name.startswith("torch."):
            return self._tensor(found, name)
        return self._object(found, name, depth)

    def _entries(self, found: dict[Any, Any], into: dict[Any, Any], name: str, depth: int) -> Any:
        self._known[id(found)] = into
        for key, each in found.items():
            into[key] = self.value(each, _join(name, key), depth)
        return into

    def _tensor(self, found: ForeignObject, name: str) -> Tensor | ForeignObject:
        try:
            made = self._file.tensor(found)
        except (PickleError, RuntimeError, TypeError, ValueError, IndexError) as error:
            reason = error if isinstance(error, PickleError) else "makes no sense"
            raise ArtifactError(f"'{self._path}' is refused: {name or 'it'} {reason}.") from error
        return ForeignObject(found.name) if made is None else made

    def _object(self, found: ForeignObject, name: str, depth: int) -> ForeignObject:
        made = ForeignObject(found.name)
        self._known[id(found)] = made
        made.arguments = tuple(self.value(each, name, depth) for each in found.arguments)
        first = made.arguments[0] if made.arguments else None
        if made.name == _REBUILT and isinstance(first, ForeignObject):
            made.name = first.name
        made.state = self.value(found.state, name, depth)
        self._entries(found.entries, made.entries, name, depth)
        made.elements += [self.value(each, name, depth) for each in found.elements]
        return made


def _join(name: str, key: object) -> str:
    """The path without what every network's record has."""
    if key in _PLUMBING or len(name) > MAX_NAME:
        return name
    word = str(key)[:MAX_NAME]
    return f"{name}.{word}" if name else word
