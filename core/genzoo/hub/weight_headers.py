"""What weights consist of, read from the head of the file on the Hub: nothing else is sent."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genzoo.errors import ArtifactError, HubError
from genzoo.hub.allowed_files import RemoteFile
from genzoo.hub.hub_errors import hub_errors, too_slow
from genzoo.hub.repository_info import RemoteModel
from genzoo.hub.timed_requests import ANSWER, HINT, Transfer
from genzoo.system.strict_json import parse_json

MAX_HEADER_BYTES = 10 << 20
"""A hundred thousand tensors fit. safetensors itself allows ten times as much."""

_MAX_SIDES, _MAX_SIDE = 64, 2**63 - 1
"""How many dimensions a tensor of torch may have, and how long each may be."""

_PREFIX = 8
_FIRST_BYTES = 100_000
_BYTES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2,
    "U16": 2, "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip
_WIDENED = ("F16", "BF16")


@dataclass(frozen=True)
class Weights:
    """What a safetensors file holds.

    Attributes:
        dtypes: Number of values by type, such as `F32`.
        tensors: How many tensors.
        memory: Bytes once loaded: half precision is computed in float32.
    """

    dtypes: Mapping[str, int]
    tensors: int
    memory: int

    @property
    def values(self) -> int:
        """Parameters and statistics, all counted."""
        return sum(self.dtypes.values())


def inspect_weights(remote: RemoteModel, file: RemoteFile) -> Weights:
    """Read the header of a safetensors file on the Hub.

    Raises:
        ArtifactError: It is no such header, or one that does not fit the file.
        HubError: The Hub cannot be reached, or refuses.
    """
    source = f"'{file.name}' of '{remote.reference}'"
    with hub_errors(remote.reference.repository, remote.commit):
        start = _range(remote, file, 0, min(_FIRST_BYTES, file.size))
        length = int.from_bytes(start[:_PREFIX], "little")
        stop = _PREFIX + length
        if len(start) < _PREFIX or length > MAX_HEADER_BYTES or stop > file.size:
            raise ArtifactError(f"{source} is not a safetensors file: its header does not fit it.")
        if stop > len(start):
            start += _range(remote, file, len(start), stop)
    try:
        header = parse_json(start[_PREFIX:stop])
        header.pop("__metadata__", None)
        room = file.size - stop
        counts = [_count(info, room) for info in header.values()]
        if sum(_BYTES[dtype] * count for dtype, count in counts) != room:
            raise ValueError("tensors share their place, or leave some of the file out")
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ArtifactError(f"{source} is not a safetensors file: its header is damaged.") from None
    return _summed(counts)


def _summed(counts: list[tuple[str, int]]) -> Weights:
    dtypes: Counter[str] = Counter()
    for dtype, count in counts:
        dtypes[dtype] += count
    memory = sum((4 if name in _WIDENED else _BYTES[name]) * n for name, n in dtypes.items())
    return Weights(dict(dtypes), len(counts), memory)


def _count(info: Any, room: int) -> tuple[str, int]:
    """Type and number of values of a tensor; ValueError if they do not fit their place."""
    begin, end = info["data_offsets"]
    shape, width = info["shape"], _BYTES[info["dtype"]]
    if len(shape) > _MAX_SIDES:
        raise ValueError("of more dimensions than there are")
    sides = all(type(side) is int and 0 <= side <= _MAX_SIDE for side in (*shape, begin, end))
    if not sides or end > room:
        raise ValueError("out of bounds")
    count = math.prod(shape)
    if count * width != end - begin:
        raise ValueError("of another size than it says")
    return info["dtype"], count


def _range(remote: RemoteModel, file: RemoteFile, start: int, stop: int) -> bytes:
    """Some bytes of a file. A server that sends more is not listened to."""
    from huggingface_hub import hf_hub_url

    repository, revision = remote.reference.repository, remote.commit
    url = hf_hub_url(repository, remote.reference.path_of(file.name), revision=revision)
    headers = {"Range": f"bytes={start}-{stop - 1}"}
    end = time.monotonic() + ANSWER
    content = bytearray()
    try:
        with Transfer(url, repository, revision, headers=headers) as transfer:
            if transfer.head(end - time.monotonic()).status != 206:
                raise HubError("The Hub does not send parts of files.", HINT)
            while len(content) < stop - start:
                piece = transfer.piece(end - time.monotonic())
                if not piece:
                    raise ArtifactError(f"'{file.name}' of '{remote.reference}' is cut short.")
                content += piece
    except TimeoutError:
        raise too_slow(f"a header was not whole after {ANSWER:.0f} seconds", HINT) from None
    return bytes(content[: stop - start])
