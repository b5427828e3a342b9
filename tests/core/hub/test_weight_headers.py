"""Weights are described without being sent, and headers that lie are refused."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch
from hub_server import HubServer
from published import NAME, publish
from safetensors.torch import save

from genzoo.errors import ArtifactError
from genzoo.hub.allowed_files import RemoteFile
from genzoo.hub.reference import parse_reference
from genzoo.hub.repository_info import find_remote
from genzoo.hub.weight_headers import MAX_HEADER_BYTES, Weights, inspect_weights

TOY = parse_reference(NAME)


def inspected(hub: HubServer, content: bytes) -> Weights:
    hub.add(NAME).put("w.safetensors", content)
    return inspect_weights(find_remote(TOY), RemoteFile("w.safetensors", len(content)))


def with_header(header: object, room: int = 16) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(room)


def tensor(shape: object, begin: object = 0, end: object = 16, dtype: object = "F32") -> object:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}}


def test_types_numbers_and_memory(hub: HubServer) -> None:
    tensors = {
        "a": torch.zeros(3, 5),
        "b": torch.zeros(7, dtype=torch.float16),
        "c": torch.zeros((), dtype=torch.int64),
    }
    weights = inspected(hub, save(tensors, metadata={"format": "pt"}))
    assert dict(weights.dtypes) == {"F32": 15, "F16": 7, "I64": 1}
    assert (weights.values, weights.tensors, weights.memory) == (23, 3, 60 + 28 + 8)


def test_only_the_head_of_the_file_is_sent(hub: HubServer) -> None:
    tensors = {f"tensor-number-{number:04}": torch.zeros(100) for number in range(1500)}
    content = save(tensors)
    assert inspected(hub, content).values == 150_000
    header = int.from_bytes(content[:8], "little")
    assert header > 100_000
    assert hub.ranges == ["bytes=0-99999", f"bytes=100000-{header + 7}"]


LIES = {
    "terabytes": (1 << 50).to_bytes(8, "little") + b"{}",
    "longer than the file": (100).to_bytes(8, "little") + b"{}",
    "empty": b"\0",
    "no JSON": with_header(b"{"),
    "a list": with_header([1]),
    "deep": with_header(b"[" * 50_000),
    "another size": with_header(tensor([5])),
    "huge shape": with_header(tensor([1 << 40, 1 << 40])),
    "negative shape": with_header(tensor([-2, -2])),
    "behind the end": with_header(tensor([4], 16, 32)),
    "negative place": with_header(tensor([4], -16, 0)),
    "text": with_header(tensor("4")),
    "truth": with_header(tensor([True, 4])),
    "unknown type": with_header(tensor([4], dtype="F33")),
    "no type": with_header({"a": {}}),
    "more sides than there are": with_header(tensor([10**100 - 1] * 40_000 + [0], 0, 0), 0),
    "sides without end": with_header(tensor([10**18] * 64 + [0], 0, 0), 0),
    "digits without end": with_header(b'{"a": {"shape": [' + b"9" * 5000 + b"]}}"),
    "tensors that share their place": with_header({
        "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
        "b": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
    }),
    "bytes that no tensor has": with_header(tensor([4]), 20),
}  # fmt: skip


@pytest.mark.parametrize("case", LIES)
def test_a_header_that_lies_is_refused_at_once(case: str, hub: HubServer) -> None:
    began = time.process_time()
    with pytest.raises(ArtifactError, match="is not a safetensors file"):
        inspected(hub, LIES[case])
    assert time.process_time() - began < 2


def test_a_header_longer_than_any_is_not_fetched(hub: HubServer) -> None:
    content = (MAX_HEADER_BYTES + 1).to_bytes(8, "little") + bytes(MAX_HEADER_BYTES + 100)
    with pytest.raises(ArtifactError, match="its header does not fit it"):
        inspected(hub, content)
    assert hub.ranges == ["bytes=0-99999"]


def test_no_more_of_a_header_is_taken_than_was_asked_for(hub: HubServer) -> None:
    content = save({"a": torch.zeros(4)})
    hub.add(NAME).put("w.safetensors", content)
    remote = find_remote(TOY)
    head = (206, {}, content + bytes(30_000_000))
    hub.faults.where, hub.faults.answer = "/resolve/", head
    assert inspect_weights(remote, RemoteFile("w.safetensors", len(content))).values == 4


def test_a_header_that_ends_too_early(hub: HubServer) -> None:
    content = save({"a": torch.zeros(4)})
    hub.add(NAME).put("w.safetensors", content)
    remote = find_remote(TOY)
    hub.faults.where, hub.faults.answer = "/resolve/", (206, {}, content[:20])
    with pytest.raises(ArtifactError, match="is cut short"):
        inspect_weights(remote, RemoteFile("w.safetensors", len(content)))


def test_the_weights_of_a_model(hub: HubServer, artifact: Path) -> None:
    publish(hub, artifact)
    size = (artifact / "model.safetensors").stat().st_size
    weights = inspect_weights(find_remote(TOY), RemoteFile("model.safetensors", size))
    assert 0 < weights.memory < size
