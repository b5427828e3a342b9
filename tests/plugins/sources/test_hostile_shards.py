"""Tar files that are made to take time or memory beyond all proportion, or that lie."""

from __future__ import annotations

import io
import json
import tarfile
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_data import IMAGES, open_images
from shard_writer import picture, write_shard

from genzoo.errors import DataError
from genzoo_sources.shard_index import ShardIndex, Texts, look_through, read_shard
from genzoo_sources.shard_samples import LONGEST_LABEL

MIB = 2**20


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def peak(action) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def many(count: int = 1500) -> dict[str, bytes]:
    return {f"{number:05d}.png": b"" for number in range(count)}


def header(name: bytes, size: int = 0, kind: bytes = b"0", raw_size: bytes | None = None) -> bytes:
    """A member's header with its checksum; sizes that octal digits cannot say come as they are."""
    field = raw_size if raw_size is not None else b"%011o\0" % size
    block = bytearray(name.ljust(100, b"\0") + b"0000644\0" * 3 + field + b"0" * 11 + b"\0")
    block += b" " * 8 + kind + bytes(100) + b"ustar\x0000"
    block += bytes(512 - len(block))
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def index(content: bytes) -> ShardIndex:
    return look_through(io.BytesIO(content), "a.tar", IMAGES)


def test_texts_are_what_was_put_in():
    texts = [b"", b"a", b"\xff\0b", b""]
    assert list(Texts.of(texts)) == texts
    assert list(Texts.of([])) == []
    with pytest.raises(IndexError):
        Texts.of(texts)[4]


@pytest.mark.parametrize(
    "long",
    [
        {"00000.cls": b"A" * MIB},
        {"00000.cls": b"A" * LONGEST_LABEL},
        {"00000.json": json.dumps({"label": "A" * 10**6}).encode()},
        {"x" * 10**6 + ".png": b""},
        {"a/" * 500_000 + "b.png": b""},
        {"a." * 500_000 + "png": b""},
    ],
    ids=["label", "longest label", "label in json", "name", "folders", "dots"],
)
def test_one_long_text_does_not_take_its_length_for_each_sample(tmp_path, long):
    shard = write_shard(tmp_path / "a.tar", many() | long)
    assert peak(lambda: open_source(shard)) < 30 * MIB


def open_source(shard):
    found = read_shard(shard, IMAGES)
    assert len(found.offsets) == 1500
    ShardIndex.of_arrays(found.arrays())


def test_a_name_that_no_file_can_have_is_left_out_and_counted(tmp_path):
    files = {"1.png": picture(1), "x" * 300 + ".png": picture(2), "y/" * 3000 + "1.png": picture(3)}
    write_shard(tmp_path / "a.tar", files)
    dataset = open_images("a.tar")
    assert len(dataset) == 1
    assert dataset.notes == ("Skipped samples of the shards without an image: 2.",)


@pytest.mark.parametrize(
    "label", ["[" * 10**5, '{"label":' * 10**5, '{"label": 1' + "0" * 5000 + "}", "{", "\xff", "[]"]
)
def test_json_that_is_none_or_too_deep_gives_no_label(tmp_path, label):
    files = {"0.png": picture(0), "0.json": label.encode("latin-1"), "1.png": picture(1)}
    write_shard(tmp_path / "a.tar", files)
    assert open_images("a.tar").labels is None


def test_a_label_with_half_a_character_is_a_label(tmp_path):
    files = {"0.png": picture(0), "0.json": b'{"label": "\\ud800"}'}
    write_shard(tmp_path / "a.tar", files)
    assert open_images("a.tar").classes == ("?",)


@pytest.mark.parametrize("digits", [19, 30, 900])
def test_labels_of_many_digits_are_names(tmp_path, digits):
    files = {}
    for number in range(2):
        files |= {f"{number}.png": picture(number), f"{number}.cls": b"%d" % number * digits}
    write_shard(tmp_path / "a.tar", files)
    dataset = open_images("a.tar")
    assert dataset.classes == ("0" * digits, "1" * digits)
    assert dataset.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    "content",
    [
        header(b"a.png", kind=b"x", size=2**33 - 512),
        header(b"a.png", raw_size=b"\x80" + b"\xff" * 11),
        header(b"a.png", kind=b"L", raw_size=b"\x80" + b"\x7f" * 11),
        header(b"a.png", raw_size=b"\xff" * 10 + b"\xfc\0"),
        header(b"a.png", kind=b"L", raw_size=b"\xff" * 10 + b"\xfc\0"),
        header(b"a.png", kind=b"x", raw_size=b"\xff" * 10 + b"\xfc\0"),
    ],
    ids=["large", "huge", "huge name", "negative", "negative name", "negative header"],
)
def test_a_size_that_cannot_be_is_told_at_once_and_takes_no_memory(content):
    def read():
        with pytest.raises(DataError, match=r"'a\.tar' cannot be read"):
            index(header(b"0.png") + content + bytes(4096))

    assert peak(read) < 20 * MIB


def test_headers_within_headers_without_end_are_told():
    longer = header(b"a", size=1, kind=b"L") + b"b".ljust(512, b"\0")
    with pytest.raises(DataError, match="cannot be read"):
        index(longer * 3000 + bytes(1024))


def test_headers_for_all_files_are_bounded():
    lines = b"".join(b"%d k%05d=v\n" % (12, number) for number in range(5120))
    block = header(b"g", size=len(lines), kind=b"g") + lines
    with pytest.raises(DataError, match="too many headers for all its files"):
        index(block + header(b"0.png") * 5000 + bytes(1024))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_links_pipes_and_devices_in_a_tar_are_no_samples(tmp_path, kind):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("1.png")
        member.size = len(picture(1))
        archive.addfile(member, io.BytesIO(picture(1)))
        other = tarfile.TarInfo("2.png")
        other.type, other.linkname = kind, str(tmp_path / "private.png")
        archive.addfile(other)
    (tmp_path / "private.png").write_bytes(picture(9))
    assert len(open_images("a.tar")) == 1


def test_names_that_lead_outside_name_samples_and_no_files(tmp_path):
    (tmp_path / "private.png").write_bytes(picture(9))
    outside = {"/etc/1.png": picture(1), "../private.png": picture(2), "a/../../3.png": picture(3)}
    write_shard(tmp_path / "data" / "a.tar", outside)
    before = sorted(tmp_path.rglob("*.png"))
    dataset = open_images("data/a.tar", size=8)
    assert dataset.rows[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert sorted(tmp_path.rglob("*.png")) == before


def valid_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in {"é" * 60 + ".png": b"12", "1.png": b"1", "1.cls": b"7"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


VALID = valid_tar()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_to_a_tar_is_read_or_told(data):
    content = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 4096))] = data.draw(st.integers(0, 255))
    for place in range(0, 4096, 512):  # as whoever means harm would, with the right checksums
        block = content[place : place + 512]
        if block[257:262] == b"ustar":
            block[148:156] = b" " * 8
            content[place + 148 : place + 156] = b"%06o\0 " % sum(block)
    try:
        found = index(bytes(content))
    except DataError:
        return
    assert len(found.names) == len(found.offsets) == len(found.labels)
