"""Ways to damage an artifact's files, for property tests.

Each takes what draws random choices and the files, and gives other files. Whoever damages weights
records their new hash, so that the damage gets past the first check.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

CONFIG, WEIGHTS = "config.json", "model.safetensors"
Draw = Callable[[st.SearchStrategy[Any]], Any]

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.lists(st.integers(-3, 2**31), max_size=4),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)
ABSURD = st.sampled_from(
    [-1, 0, 1 << 20, 1 << 28, 1 << 31, 1 << 40, 1 << 62, (1 << 64) - 1, 10**30]
)


@dataclass(frozen=True)
class Files:
    """The two files that loading reads."""

    config: bytes
    weights: bytes

    def write(self, folder: Path) -> None:
        (folder / CONFIG).write_bytes(self.config)
        (folder / WEIGHTS).write_bytes(self.weights)

    def with_weights(self, weights: bytes) -> Files:
        """Other weights, with a record that fits them."""
        content = json.loads(self.config)
        record = {"sha256": hashlib.sha256(weights).hexdigest(), "size": len(weights)}
        content["files"][WEIGHTS] = record
        return Files(json.dumps(content).encode(), weights)

    @property
    def header(self) -> dict[str, Any]:
        """The description of the tensors."""
        content: dict[str, Any] = json.loads(self.weights[8 : self.data_start])
        return content

    @property
    def data_start(self) -> int:
        return 8 + int(struct.unpack("<Q", self.weights[:8])[0])

    def with_header(self, header: Any) -> Files:
        raw = json.dumps(header).encode()
        data = self.weights[self.data_start :]
        return self.with_weights(struct.pack("<Q", len(raw)) + raw + data)


def read_files(folder: Path) -> Files:
    """The files of an artifact."""
    return Files((folder / CONFIG).read_bytes(), (folder / WEIGHTS).read_bytes())


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    yield prefix
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(child, (*prefix, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """What stands at a place inside a JSON value."""
    for key in path:
        value = value[key]
    return value


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A JSON value with another one at a place inside."""
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


def config_value(draw: Draw, files: Files) -> Files:
    """Any value of the config replaced by any other."""
    content = json.loads(files.config)
    # With and without it the same weights fit: it makes another model of them.
    places = [place for place in list(paths(content))[1:] if place != ("config", "hidden")]
    changed = replaced(content, draw(st.sampled_from(places)), draw(VALUES))
    return replace(files, config=json.dumps(changed).encode())


def config_number(draw: Draw, files: Files) -> Files:
    """A number of the config replaced by an absurd one."""
    content = json.loads(files.config)
    places = [place for place in paths(content) if type(at(content, place)) in (int, float)]
    changed = replaced(content, draw(st.sampled_from(places)), draw(ABSURD))
    return replace(files, config=json.dumps(changed).encode())


def config_bytes(draw: Draw, files: Files) -> Files:
    """Bytes of the config replaced."""
    return replace(files, config=_scattered(draw, files.config, len(files.config)))


def header_value(draw: Draw, files: Files) -> Files:
    """Any value of the header replaced by any other."""
    header = files.header
    changed = replaced(header, draw(st.sampled_from(list(paths(header)))), draw(VALUES))
    return files.with_header(changed)


def header_number(draw: Draw, files: Files) -> Files:
    """A dimension or an offset replaced by an absurd one."""
    header = files.header
    places = [place for place in paths(header) if type(at(header, place)) is int]
    return files.with_header(replaced(header, draw(st.sampled_from(places)), draw(ABSURD)))


def header_claim(draw: Draw, files: Files) -> Files:
    """A tensor of terabytes, in agreement with itself."""
    header = files.header
    name = draw(st.sampled_from(_tensors(header)))
    count = draw(st.integers(1 << 20, 1 << 60))
    start = header[name]["data_offsets"][0]
    claim = {"dtype": "F32", "shape": [count], "data_offsets": [start, start + 4 * count]}
    return files.with_header({**header, name: claim})


def header_names(draw: Draw, files: Files) -> Files:
    """A tensor left out, renamed, or there twice."""
    header = files.header
    name, new = draw(st.sampled_from(_tensors(header))), draw(st.text(max_size=8))
    what = draw(st.sampled_from(["leave out", "rename", "repeat"]))
    kept = {key: value for key, value in header.items() if key != name or what == "repeat"}
    return files.with_header(kept if what == "leave out" else {**kept, new: header[name]})


def header_length(draw: Draw, files: Files) -> Files:
    """The length of the header is a lie."""
    length = draw(st.one_of(st.integers(0, 2**64 - 1), st.integers(0, len(files.weights))))
    return files.with_weights(struct.pack("<Q", length) + files.weights[8:])


def header_bytes(draw: Draw, files: Files) -> Files:
    """Bytes of the header replaced."""
    return files.with_weights(_scattered(draw, files.weights, files.data_start))


def file_length(draw: Draw, files: Files) -> Files:
    """The weights cut short, or longer than they are said to be."""
    length = draw(st.integers(0, len(files.weights) - 1))
    more = draw(st.binary(min_size=1, max_size=20))
    return files.with_weights(
        files.weights[:length] if draw(st.booleans()) else files.weights + more
    )


def non_finite(draw: Draw, files: Files) -> Files:
    """NaN or infinity among the weights."""
    header = files.header
    floats = [name for name in _tensors(header) if header[name]["dtype"] == "F32"]
    start, end = header[draw(st.sampled_from(floats))]["data_offsets"]
    place = files.data_start + draw(st.integers(start // 4, end // 4 - 1)) * 4
    value = struct.pack("<f", draw(st.sampled_from([float("nan"), float("inf"), -float("inf")])))
    return files.with_weights(files.weights[:place] + value + files.weights[place + 4 :])


def another_hash(draw: Draw, files: Files) -> Files:
    """A byte of the weights changed behind the record's back."""
    changed = bytearray(files.weights)
    changed[draw(st.integers(0, len(changed) - 1))] ^= draw(st.integers(1, 255))
    return replace(files, weights=bytes(changed))


MUTATIONS = (
    config_value,
    config_number,
    config_bytes,
    header_value,
    header_number,
    header_claim,
    header_names,
    header_length,
    header_bytes,
    file_length,
    non_finite,
    another_hash,
)
ALWAYS_REFUSED = {header_claim, non_finite, another_hash, file_length}
"""What cannot leave the model as it was."""


def _tensors(header: dict[str, Any]) -> list[str]:
    return [name for name in header if name != "__metadata__"]


def _scattered(draw: Draw, raw: bytes, end: int) -> bytes:
    """Up to four of the first `end` bytes replaced."""
    changed = bytearray(raw)
    edits = st.lists(
        st.tuples(st.integers(0, end - 1), st.integers(0, 255)), min_size=1, max_size=4
    )
    for place, value in draw(edits):
        changed[place] = value
    return bytes(changed)
