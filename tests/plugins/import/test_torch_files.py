"""Files of weights give what torch's loader gives; claims beyond their bytes are refused."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
import time
import tracemalloc
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from genzoo import ArtifactError
from genzoo_import.inert_pickle import PickleError, run
from genzoo_import.weight_files import read_source

Save = Callable[..., Path]

quiet = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
TYPES = [
    torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.bool, torch.complex64,
]  # fmt: skip
NEWER = [torch.uint16, torch.float8_e4m3fn]
"""Types that torch itself does not read from files of the old form."""


def flat(content: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(content, Tensor):
        yield name, content
    items = content.items() if isinstance(content, dict) else ()
    for key, value in items or (enumerate(content) if isinstance(content, list | tuple) else ()):
        yield from flat(value, f"{name}.{key}" if name else str(key))


@st.composite
def tensors(draw: st.DrawFn, types: list[torch.dtype]) -> Tensor:
    """Of all types and layouts: views, transposed, empty, of no dimension, shared."""
    size = draw(st.lists(st.integers(0, 4), max_size=4))
    dtype = draw(st.sampled_from(types))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    made = torch.randint(0, 2, [2, *size], generator=generator).to(dtype)
    made = made[1] if draw(st.booleans()) else made
    made = made.transpose(0, -1) if made.ndim > 1 and draw(st.booleans()) else made
    wrapped = made.is_floating_point() and draw(st.booleans())
    return nn.Parameter(made) if wrapped else made


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_what_is_read_is_what_torch_reads(save: Save, zipped: bool, protocol: int) -> None:
    @quiet
    @given(st.lists(tensors(TYPES + NEWER * zipped), min_size=1, max_size=4), st.booleans())
    def check(some: list[Tensor], shared: bool) -> None:
        content = OrderedDict((f"l.{number}.weight", each) for number, each in enumerate(some))
        if shared:
            content["tied"] = some[0]
        whole = {
            "epoch": 3, "model": content, "facts": [1.5, None, True, "text", b"bytes", (), {1, 2}],
            "size": torch.Size([1, 2]), "type": torch.float16, "device": torch.device("cpu"),
            "big": 2**70, "complex": 1 + 2j,
        }  # fmt: skip
        settings = {"_use_new_zipfile_serialization": zipped, "pickle_protocol": protocol}
        path = save(whole, **settings)
        expected = dict(flat(torch.load(path, weights_only=False)))
        found = read_source(path).tensors
        assert list(found) == list(expected)
        for name, tensor in found.items():
            assert tensor.dtype == expected[name].dtype
            assert tensor.shape == expected[name].shape
            assert tensor.equal(expected[name].detach())

    check()


def test_a_checkpoint_with_an_optimiser_is_read(save: Save) -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    optimiser = torch.optim.Adam(network.parameters())
    network(torch.ones(4, 2)).sum().backward()
    optimiser.step()
    content = {"net": network.state_dict(), "optimiser": optimiser.state_dict()}
    path = save(content)
    expected = dict(flat(torch.load(path, weights_only=True)))
    found = read_source(path).tensors
    assert found.keys() == expected.keys()
    assert all(found[name].equal(expected[name]) for name in expected)


def test_a_parameter_with_attributes_is_read(save: Save) -> None:
    parameter = nn.Parameter(torch.ones(2))
    parameter.mark = 3  # type: ignore[attr-defined]
    assert read_source(save({"w": parameter})).tensors["w"].tolist() == [1, 1]


class Named:
    """What a pickle would call, and with what."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.function, self.arguments


class Stored:
    """A reference to bytes of the file."""

    def __init__(self, kind: Any = torch.FloatStorage, key: str = "0", count: int = 4) -> None:
        self.said = ("storage", kind, key, "cpu", count)


class Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return value.said if isinstance(value, Stored) else None


def written(path: Path, content: Any, **entries: bytes) -> Path:
    """A file as torch saves it, with whatever content."""
    data = io.BytesIO()
    Pickler(data, 2).dump(content)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data.getvalue())
        for name, stored in {"data/0": bytes(16), "version": b"3\n", **entries}.items():
            archive.writestr(f"archive/{name}", stored)
    return path


def rebuilt(size: Any, stride: Any, offset: Any = 0, stored: Any = None) -> Named:
    function = torch._utils._rebuild_tensor_v2
    return Named(function, stored or Stored(), offset, size, stride, False, OrderedDict())


HUGE = 1 << 40
CLAIMS = {
    "uninitialised": Named(torch.Tensor, 100, 100),
    "uninitialised of a type": Named(torch.FloatTensor, 100),
    "an uninitialised storage": Named(torch.FloatStorage, HUGE),
    "a parameter of nothing": Named(nn.Parameter, 5),
    "more than is stored": rebuilt((5,), (1,)),
    "terabytes": rebuilt((HUGE,), (1,)),
    "a product beyond numbers": rebuilt((HUGE, HUGE, HUGE), (1, 1, 1)),
    "one value often": rebuilt((HUGE,), (0,)),
    "beyond the end": rebuilt((2,), (4,)),
    "from beyond the end": rebuilt((1,), (1,), 4),
    "before the beginning": rebuilt((1,), (1,), -1),
    "a negative stride": rebuilt((2,), (-1,), 3),
    "a negative side": rebuilt((-2, -2), (1, 1)),
    "sides that are fractions": rebuilt((2.0,), (1,)),
    "sides that are truths": rebuilt((True,), (1,)),
    "sides that are text": rebuilt("4", "1"),
    "fewer strides than sides": rebuilt((2, 2), (1,)),
    "too many sides": rebuilt((1,) * 65, (1,) * 65),
    "nothing of too much": rebuilt((0, HUGE, HUGE), (1, 1, 1)),
    "a storage that is not there": rebuilt((1,), (1,), 0, Stored(key="1")),
    "a storage that claims more": rebuilt((4,), (1,), 0, Stored(count=1 << 50)),
    "a storage of another type": rebuilt((4,), (1,), 0, Stored(torch.DoubleStorage)),
    "a storage that is a list": rebuilt((4,), (1,), 0, [1, 2, 3, 4]),
    "a storage that is uninitialised": rebuilt((4,), (1,), 0, Named(torch.FloatStorage, HUGE)),
    "values without bytes": Named(
        torch._utils._rebuild_meta_tensor_no_storage, torch.float32, (HUGE,), (1,), False
    ),
    "nested wrappers": Named(
        torch._utils._rebuild_parameter, Named(torch.Tensor, 100), False, OrderedDict()
    ),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_a_tensor_whose_bytes_are_not_in_the_file_is_refused(case: str, tmp_path: Path) -> None:
    path = written(tmp_path / "x.pth", {"net": {"weight": CLAIMS[case]}})
    tracemalloc.start()
    try:
        with pytest.raises(ArtifactError, match=r"is refused: net\.weight (is|has|claims|makes) "):
            read_source(path)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_what_is_not_a_tensor_reserves_nothing(tmp_path: Path) -> None:
    content = {"a": Named(bytearray, 3 << 40), "b": Named(set, [1]), "w": rebuilt((4,), (1,))}
    assert list(read_source(written(tmp_path / "x.pth", content)).tensors) == ["w"]


def test_tensors_that_share_all_of_the_file_are_refused(tmp_path: Path) -> None:
    stored = Stored(count=25_000)
    content = {f"w{number}": rebuilt((25_000,), (1,), 0, stored) for number in range(200)}
    path = written(tmp_path / "x.pth", content, **{"data/0": bytes(100_000)})
    with pytest.raises(ArtifactError, match="over 4 times the file's size"):
        read_source(path)


def test_entries_that_lie_on_each_other_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "x.pth", {"w": rebuilt((4,), (1,))})
    raw = path.read_bytes()
    entry = raw.rindex(b"PK\x01\x02")
    end = raw.rindex(b"PK\x05\x06")
    more = raw[entry:end] * 40
    count = struct.unpack("<H", raw[end + 10 : end + 12])[0] + 39
    tail = (
        raw[end : end + 8]
        + struct.pack("<HHI", count, count, end - entry + len(more))
        + raw[end + 16 :]
    )
    (tmp_path / "y.pth").write_bytes(raw[:entry] + more + tail)
    with pytest.raises(ArtifactError):
        read_source(tmp_path / "y.pth")


def test_a_name_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "x.pth", {"\udc80": rebuilt((4,), (1,))})
    with pytest.raises(ArtifactError, match="a name in it is not text"):
        read_source(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.pth")
    with pytest.raises(ArtifactError, match="is not a file"):
        read_source(tmp_path / "x.pth")


BOMBS = {
    "laughs": b"\x80\x02)" + b"2\x86" * 10_000 + b".",
    "laughs as a key": b"\x80\x02})" + b"2\x86" * 60 + b"Ns.",
    "a list in itself": b"\x80\x02]q\x00h\x00a.",
    "deep": b"\x80\x02" + b"](" * 50_000 + b"e" * 50_000 + b".",
    "a memo far away": b"\x80\x02Nr\xff\xff\xff\xff.",
    "text that is not there": b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7f.",
    "bytes that are not there": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.",
    "digits": b"L" + b"9" * 100_000 + b"L\n.",
    "a number without end": b"\x80\x02\x8b" + b"\0\0\x10\0" + b"1" * (1 << 20) + b".",
    "an instance": b"(ios\nsystem\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "a buffer": b"\x80\x05\x97.",
    "nothing": b"",
    "no end": b"\x80\x02" + b"N" * 1000,
    "an empty stack": b".",
    "no mark": b"t.",
}  # fmt: skip


@pytest.mark.parametrize("case", BOMBS)
def test_a_pickle_made_to_do_harm_costs_nothing(case: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", BOMBS[case])
    began = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(ArtifactError):
            read_source(path)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 5


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=60), st.integers(0, 5))
def test_whatever_a_pickle_says_it_ends_and_imports_nothing(data: bytes, protocol: int) -> None:
    before = set(sys.modules)
    names: list[str] = []
    with suppress(PickleError):
        run(io.BytesIO(bytes([0x80, protocol]) + data), lambda name: not names.append(name))
    assert not {name.partition(".")[0] for name in names} & (sys.modules.keys() - before)
