"""Reading a file of weights that another program saved.

The one place where an unknown pickle is opened (evaluation opens those that it knows by their
hash), by torch's weights-only loader: it builds tensors and plain containers, and stops at the
first name of anything else.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from genzoo.errors import ArtifactError
from genzoo.importing.flatten import MAX_NAME, flatten
from genzoo.importing.match import natural_key

SAFETENSORS = ".safetensors"
PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".tar")
"""`.tar` for the usual `checkpoint.pth.tar`, which is no tar archive."""

_HINT = "Save weights alone: torch.save(model.state_dict(), 'weights.pth')."
_GLOBAL = re.compile(r"(?:GLOBAL|global|function|class) ([\w.]+\.\w+)")


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

    The file is read once, so that the hash is that of what was loaded.

    Raises:
        ArtifactError: It is missing or damaged, or holds anything but tensors and plain values.
    """
    ending = path.suffix.lower()
    if ending not in (SAFETENSORS, *PICKLES):
        raise ArtifactError(
            f"'{path}' is no file of weights: it ends in none of "
            f"{', '.join((*PICKLES, SAFETENSORS))}."
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"'{path}' cannot be read: {error.strerror or error}.") from error
    pickled = ending != SAFETENSORS
    tensors = flatten((_load_pickle if pickled else _load_safetensors)(path, data), path)
    for name, tensor in tensors.items():
        _refuse_odd(tensor, name, path)
    if not tensors:
        raise ArtifactError(f"'{path}' holds no tensors.", _HINT)
    return Source(path, hashlib.sha256(data).hexdigest(), tensors, ordered=pickled)


def _load_safetensors(path: Path, data: bytes) -> dict[str, Tensor]:
    """Sorted: the format keeps an order of its own."""
    try:
        tensors = safetensors.torch.load(data)
    except Exception as error:
        raise ArtifactError(f"'{path}' is damaged: {error}.") from error
    return {name: tensors[name] for name in sorted(tensors, key=_place)}


def _place(name: str) -> list[str | int]:
    return natural_key(name[:MAX_NAME])


def _load_pickle(path: Path, data: bytes) -> Any:
    """Whatever a hostile stream makes the loader raise ends here."""
    _refuse_compression(path, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:
        raise _refusal(path, str(error)) from error


def _refusal(path: Path, reason: str) -> ArtifactError:
    if "eights only" in reason or "weights_only" in reason:
        found = _GLOBAL.search(reason)
        what = f"it names {found.group(1)}" if found else "it holds more than tensors"
        return ArtifactError(
            f"'{path}' is refused by torch's weights-only loader: {what}, which could run code.",
            _HINT,
        )
    first = reason.strip().splitlines()[0].rstrip(".") if reason.strip() else "it ends too early"
    return ArtifactError(f"'{path}' is damaged, or no file that torch saved: {first[:200]}.")


def _refuse_compression(path: Path, data: bytes) -> None:
    """torch stores tensors as they are; a compressed archive could unfold to any size."""
    if not data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ArtifactError(f"'{path}' is damaged: {error}.") from error
    if size > len(data):
        raise ArtifactError(f"'{path}' is refused: it unfolds to more than the file's size.")


def _refuse_odd(tensor: Tensor, name: str, path: Path) -> None:
    """Sparse, quantised and valueless tensors, and views that claim more than is stored."""
    plain = tensor.layout == torch.strided and not tensor.is_quantized and not tensor.is_meta
    if not plain:
        raise ArtifactError(f"'{path}' is refused: {name} is no dense tensor.")
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise ArtifactError(f"'{path}' is refused: {name} claims more than is stored.")
