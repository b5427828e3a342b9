"""Reading a file of weights that another program saved.

The one place where an unknown pickle is read (evaluation opens those that it knows by their hash),
and none of it is done that it says: see `inert_pickle`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import safetensors.torch
from torch import Tensor

from genzoo import ArtifactError, ForeignObject
from genzoo_import.inert_pickle import ForbiddenNameError, PickleError
from genzoo_import.match_layers import natural_key
from genzoo_import.torch_files import TorchFile, is_torch_file

MOST_TIMES = 4
"""How many times its size a file's tensors may have: some are saved under several names."""

SAFETENSORS = ".safetensors"
BARE = ".pkl"
"""Of pickles that torch did not write, as a rule."""

PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".tar", BARE)
"""`.tar` for the usual `checkpoint.pth.tar`, which is not a tar archive."""

MAX_DEPTH = 16
MAX_VALUES = 200_000
MAX_NAME = 500

_HINT = "Save weights alone: torch.save(model.state_dict(), 'weights.pth')."

T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """What a file holds.

    Attributes:
        path: Where it is.
        sha256: Hash of its content.
        tensors: By dotted name; those of nested dictionaries by the path to them.
        ordered: Whether they are in the order in which the saved network registered them; else
            they are in that of their names.
    """

    path: Path
    sha256: str
    tensors: dict[str, Tensor]
    ordered: bool


def read_source(path: Path) -> Source:
    """Read a state dict, or a checkpoint with state dicts in it.

    The file is read once, so that the hash is that of what was loaded. Memory and time are bounded
    by its size.

    Raises:
        ArtifactError: It is missing or damaged, or holds anything but tensors and plain values.
    """
    data = read_file(path)
    pickled = path.suffix.lower() != SAFETENSORS
    tensors = (_load_pickle if pickled else _load_safetensors)(path, data)
    if not tensors:
        raise ArtifactError(f"'{path}' holds no tensors.", _HINT)
    check_sharing(path, len(data), (tensors,))
    return Source(path, hashlib.sha256(data).hexdigest(), tensors, ordered=pickled)


def check_sharing(path: Path, size: int, states: Iterable[Mapping[str, Tensor]]) -> None:
    """Refuse tensors that would take far more than the file's `size` in bytes.

    Raises:
        ArtifactError: They share what is stored.
    """
    if sum(tensor.nbytes for state in states for tensor in state.values()) > MOST_TIMES * size:
        raise ArtifactError(
            f"'{path}' is refused: its tensors share so much that they have over {MOST_TIMES} "
            "times the file's size."
        )


def read_file(path: Path) -> bytes:
    """All of a file of weights.

    Raises:
        ArtifactError: It has another ending, or cannot be read.
    """
    if path.suffix.lower() not in (SAFETENSORS, *PICKLES):
        raise ArtifactError(
            f"'{path}' is not a file of weights: it ends in none of "
            f"{', '.join((*PICKLES, SAFETENSORS))}."
        )
    if path.exists() and not path.is_file():
        raise ArtifactError(f"'{path}' is not a file.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"'{path}' cannot be read: {error.strerror or error}.") from error


def _load_safetensors(path: Path, data: bytes) -> dict[str, Tensor]:
    """Sorted: the format keeps an order of its own."""
    try:
        tensors = safetensors.torch.load(data)
    except Exception as error:
        raise ArtifactError(f"'{path}' is damaged: {error}.") from error
    ordered = {name: tensors[name] for name in sorted(tensors, key=_place)}
    return flatten(ordered, path, lambda name, value: value if name else None)


def _place(name: str) -> list[str | int]:
    return natural_key(name[:MAX_NAME])


def open_pickle(path: Path, data: bytes) -> TorchFile:
    """What a file with a pickle in it says. Whatever a hostile one says ends here.

    Raises:
        ArtifactError: It is damaged, or names what could run code.
    """
    bare = path.suffix.lower() == BARE and not is_torch_file(data)
    try:
        return TorchFile(data, bare=bare)
    except ForbiddenNameError as error:
        raise ArtifactError(
            f"'{path}' is refused: it names {error.name[:200]}, which could run code.", _HINT
        ) from error
    except PickleError as error:
        raise ArtifactError(
            f"'{path}' is refused, as damaged or no file that torch saved: {error}.", _HINT
        ) from error


def _load_pickle(path: Path, data: bytes) -> dict[str, Tensor]:
    file = open_pickle(path, data)

    def pick(name: str, value: Any) -> Tensor | None:
        try:
            return file.tensor(value) if isinstance(value, ForeignObject) else None
        except (PickleError, RuntimeError, TypeError, ValueError, IndexError) as error:
            reason = error if isinstance(error, PickleError) else "makes no sense"
            raise ArtifactError(f"'{path}' is refused: {name[:MAX_NAME]} {reason}.") from error

    return flatten(file.content, path, pick)


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
    elif isinstance(value, ForeignObject):
        for inside in (value.entries, value.elements, value.state):
            if inside:
                yield from _walk(inside, name, path, depth + 1)
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            yield from _walk(child, _join(name, index), path, depth + 1)


def _join(name: str, key: object) -> str:
    """Of a name that is too long already, no more is kept than shows that."""
    name = name[: MAX_NAME + 1]
    return f"{name}.{key}" if name else str(key)
