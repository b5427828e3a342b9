"""The files that `torch.save` writes, read without torch's loader.

The loader reserves what a file claims, before and whether or not the file has it. Here a tensor is
a claim on stored bytes, and one whose bytes are not in the file is refused.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from genzoo import ForeignObject
from genzoo_import.allowed_names import in_pickle, in_torch_file
from genzoo_import.inert_pickle import Name, PickleError, Reference, Views, run

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_MAX_DIMENSIONS, _MAX_VALUES = 64, 2**62
_LOCAL_HEADER = 30

_STORAGES = {
    "Float": torch.float32, "Double": torch.float64, "Half": torch.float16,
    "BFloat16": torch.bfloat16, "Long": torch.int64, "Int": torch.int32, "Short": torch.int16,
    "Char": torch.int8, "Byte": torch.uint8, "Bool": torch.bool,
    "ComplexFloat": torch.complex64, "ComplexDouble": torch.complex128,
}  # fmt: skip
_STORAGE = re.compile(r"torch\.(?:cuda\.)?(\w+)Storage|torch\.storage\.(Untyped)Storage")
_WRAPPERS = frozenset((
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch.nn.parameter.Parameter",
))  # fmt: skip
_PLAIN = {"torch._utils._rebuild_tensor": 4, "torch._utils._rebuild_tensor_v2": 6}
_TYPED = "torch._utils._rebuild_tensor_v3"
_INSIDE = "torch.storage._load_from_bytes"
_OF_TYPE = "torch._tensor._rebuild_from_type_v2"
_MAKES_TENSOR = re.compile(
    r"torch\._utils\._rebuild_\w+|torch\.(?:\w+\.)*\w*(?:Tensor|Storage|Parameter)"
)


@dataclass(frozen=True)
class Storage:
    """Bytes of a file.

    Attributes:
        key: What they are called in it.
        dtype: Type of the values; None for bytes without one.
        count: Number of the values.
        start: The first of them, counted in values.
    """

    key: str
    dtype: torch.dtype | None
    count: int
    start: int = 0


class TorchFile:
    """What a file that `torch.save` wrote says, and the bytes that it has.

    Args:
        data: All of the file.
        bare: It is a pickle that torch did not write, of tensors that have their bytes in it.

    Raises:
        PickleError: It is damaged, or holds anything but tensors and plain values.
    """

    def __init__(self, data: bytes | memoryview, *, bare: bool = False) -> None:
        self._whole = memoryview(data)
        self._bytes: Mapping[str, memoryview] = {}
        self._made: dict[str, Tensor] = {}
        self._inside: dict[int, TorchFile] = {}
        if bare:
            self.content = run(Views(self._whole), in_pickle)
        else:
            zipped = bytes(self._whole[:2]) == b"PK"
            self.content = self._open_zip() if zipped else self._open_legacy()

    def tensor(self, call: ForeignObject) -> Tensor | None:
        """The tensor that a call makes; None where it makes something else.

        Raises:
            PickleError: It is not dense, or its values are not in the file; says which, as the
                end of a sentence about it.
        """
        for _ in range(4):
            inner = call.arguments[0] if call.arguments else None
            if call.name in _WRAPPERS and isinstance(inner, ForeignObject):
                call = inner
            elif call.name == _OF_TYPE and isinstance(inner, Name):
                call = ForeignObject(inner.name, call.arguments[2])
        if call.name in _PLAIN and len(call.arguments) >= 4:
            file, storage = self._stored(call.arguments[0])
            return file._view(storage, storage.dtype, call.arguments[1:4])
        if call.name == _TYPED and len(call.arguments) >= 7:
            file, storage = self._stored(call.arguments[0])
            return file._view(storage, _dtype(call.arguments[6]), call.arguments[1:4])
        if _MAKES_TENSOR.fullmatch(call.name):
            raise PickleError(
                "is not a dense tensor" if "_rebuild" in call.name else "has no values in the file"
            )
        return None

    def _stored(self, value: Any) -> tuple[TorchFile, Storage]:
        """A storage, and the file that its bytes are in: this one, or one inside it."""
        if not isinstance(value, ForeignObject) or value.name != _INSIDE:
            return self, _storage(value)
        (content,) = value.arguments if len(value.arguments) == 1 else (None,)
        if not isinstance(content, bytes | memoryview):
            raise PickleError("has no values in the file")
        if id(value) not in self._inside:
            self._inside[id(value)] = TorchFile(content)
        file = self._inside[id(value)]
        return file, _storage(file.content)

    def _view(self, storage: Storage, dtype: torch.dtype | None, layout: tuple[Any, ...]) -> Tensor:
        offset, size, stride = layout
        if dtype is None:
            raise PickleError("is not a dense tensor")
        content = self._values(storage, dtype)
        dense = isinstance(size, tuple) and isinstance(stride, tuple) and len(size) == len(stride)
        if not dense or len(size) > _MAX_DIMENSIONS or not _whole_numbers(offset, *size, *stride):
            raise PickleError("has a shape that makes no sense")
        count = math.prod(side for side in size if side)
        if count > (_MAX_VALUES if 0 in size else len(content)):
            raise PickleError("claims more than is stored")
        last = offset + sum((side - 1) * step for side, step in zip(size, stride, strict=True))
        if 0 not in size and last >= len(content):
            raise PickleError("claims more than is stored")
        return (
            torch.empty(size, dtype=dtype)
            if 0 in size
            else content.as_strided(size, stride, offset)
        )

    def _values(self, storage: Storage, dtype: torch.dtype) -> Tensor:
        """All values of a storage, copied once."""
        if storage.key not in self._bytes:
            raise PickleError("has no values in the file")
        if storage.key not in self._made:
            stored = bytearray(self._bytes[storage.key])
            self._made[storage.key] = (
                torch.frombuffer(stored, dtype=torch.uint8)
                if stored
                else torch.empty(0, dtype=torch.uint8)
            )
        raw = self._made[storage.key]
        width = dtype.itemsize if storage.dtype is None else storage.dtype.itemsize
        values = storage.count // width if storage.dtype is None else storage.count
        first, last = storage.start * width, (storage.start + values) * width
        if last > len(raw) or dtype.itemsize != width:
            raise PickleError("claims more than is stored")
        return raw[first:last].view(dtype)

    def _open_zip(self) -> Any:
        try:
            with zipfile.ZipFile(io.BytesIO(self._whole)) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            raise PickleError(f"it is damaged ({error})") from error
        if sum(entry.file_size for entry in entries) > len(self._whole):
            raise PickleError("it unfolds to more than the file's size")
        names = {entry.filename.partition("/")[2]: entry for entry in entries}
        if "constants.pkl" in names:
            raise PickleError("it is TorchScript, which holds code")
        if "data.pkl" not in names:
            raise PickleError("it is damaged (it has no data.pkl)")
        found = {name: self._entry(entry) for name, entry in names.items()}
        if bytes(found.get("byteorder", b"little")) != b"little":
            raise PickleError("its values are big-endian, which is not read")
        self._bytes = {
            name.removeprefix("data/"): content
            for name, content in found.items()
            if name.startswith("data/")
        }
        return run(io.BytesIO(found["data.pkl"]), in_torch_file)

    def _entry(self, entry: zipfile.ZipInfo) -> memoryview:
        """The bytes of a file in the archive. As in torch itself, their checksum is not."""
        start = entry.header_offset
        head = bytes(self._whole[start : start + _LOCAL_HEADER])
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise PickleError("it unfolds to more than the file's size")
        if len(head) < _LOCAL_HEADER or head[:4] != b"PK\3\4":
            raise PickleError("it is damaged (a file in it has no head)")
        begin = start + _LOCAL_HEADER + sum(struct.unpack("<HH", head[26:30]))
        if begin + entry.file_size > len(self._whole):
            raise PickleError("it is damaged (it is cut short)")
        return self._whole[begin : begin + entry.file_size]

    def _open_legacy(self) -> Any:
        """Three small pickles, the content, the keys of the storages, and their bytes."""
        data = io.BytesIO(self._whole)
        if run(data, in_torch_file) != MAGIC or run(data, in_torch_file) != PROTOCOL:
            raise PickleError("it is not a file that torch saved")
        system = run(data, in_torch_file)
        if not isinstance(system, dict) or system.get("little_endian") is not True:
            raise PickleError("its values are big-endian, which is not read")
        content, keys = run(data, in_torch_file), run(data, in_torch_file)
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise PickleError("it is damaged (its storages have no names)")
        self._bytes = self._legacy_storages(data.tell(), keys, _widths(content))
        return content

    def _legacy_storages(
        self, place: int, keys: list[str], widths: Mapping[str, int]
    ) -> dict[str, memoryview]:
        found: dict[str, memoryview] = {}
        for key in keys:
            head = self._whole[place : place + 8]
            if len(head) < 8 or key not in widths:
                raise PickleError("it is damaged (it is cut short)")
            size = int.from_bytes(head, "little") * widths[key]
            place += 8 + size
            if place > len(self._whole):
                raise PickleError("it is damaged (it is cut short)")
            found[key] = self._whole[place - size : place]
        return found


def is_torch_file(data: bytes) -> bool:
    """Whether a file begins as those do that `torch.save` wrote."""
    magic = MAGIC.to_bytes(10, "little")
    return data.startswith(b"PK") or data[2:14] == b"\x8a\x0a" + magic


def _storage(value: Any) -> Storage:
    """What a reference to a storage says."""
    said = value.content if isinstance(value, Reference) else None
    if not isinstance(said, tuple) or len(said) < 5 or said[0] != "storage":
        raise PickleError("has no values in the file")
    kind, key, count = said[1], said[2], said[4]
    found = _STORAGE.fullmatch(kind.name) if isinstance(kind, Name) else None
    if not found or not isinstance(key, str) or not _whole_numbers(count):
        raise PickleError("has no values in the file")
    if not found[2] and found[1] not in _STORAGES:
        raise PickleError("is not a dense tensor")
    dtype = None if found[2] else _STORAGES[found[1]]
    view = said[5] if len(said) > 5 else None
    if view is None:
        return Storage(key, dtype, count)
    if not isinstance(view, tuple) or len(view) != 3 or not _whole_numbers(*view[1:]):
        raise PickleError("has no values in the file")
    return Storage(key, dtype, view[2], view[1])


def _dtype(value: Any) -> torch.dtype:
    found = (
        getattr(torch, value.name.removeprefix("torch."), None) if isinstance(value, Name) else None
    )
    if not isinstance(found, torch.dtype):
        raise PickleError("is not a dense tensor")
    return found


def _widths(content: Any) -> dict[str, int]:
    """Bytes of a value in each storage that `content` refers to."""
    widths: dict[str, int] = {}
    waiting, seen = [content], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Reference):
            storage = _storage(value)
            widths[storage.key] = storage.dtype.itemsize if storage.dtype else 1
        elif isinstance(value, dict | list | tuple | ForeignObject) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, ForeignObject):
                waiting += [*value.arguments, value.state, value.entries, value.elements]
            else:
                waiting += value.values() if isinstance(value, dict) else value
    return widths


def _whole_numbers(*values: Any) -> bool:
    return all(type(value) is int and 0 <= value < 2**63 for value in values)
