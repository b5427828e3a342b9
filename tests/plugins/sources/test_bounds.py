"""Nothing from another machine is taken beyond what it said, or beyond what it may be."""

from __future__ import annotations

import io

import pytest
from file_server import serving
from image_data import IMAGES
from shard_writer import write_shards

from genzoo.errors import DataError
from genzoo_sources import remote_tables, web_addresses
from genzoo_sources.connection import Answer, RemoteFile
from genzoo_sources.reader import Patience, RemoteReader, download
from genzoo_sources.shard_index import look_through


@pytest.fixture
def patience():
    return Patience(lambda text: None)


@pytest.fixture
def server(tmp_path):
    with serving() as server:
        server.share(write_shards(tmp_path / "shards"))
        yield server


def endless(monkeypatch, said: int) -> RemoteFile:
    """A file of `said` bytes whose server never stops sending."""

    class Endless(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            buffer[:] = b"x" * len(buffer)
            return len(buffer)

    file = RemoteFile("http://host/a.tar", said)
    monkeypatch.setattr(
        "genzoo_sources.reader.connect",
        lambda url, position: Answer(io.BufferedReader(Endless()), position, file),
    )
    return file


@pytest.mark.parametrize("size", [0, 1, 1000, 2**20 + 1])
def test_a_download_ends_at_the_size_that_was_said(tmp_path, monkeypatch, patience, size):
    download(endless(monkeypatch, size), tmp_path / "a", patience)
    assert (tmp_path / "a").stat().st_size == size


def test_reading_ends_at_the_size_that_was_said(monkeypatch, patience):
    with RemoteReader(endless(monkeypatch, 100), patience) as reader:
        assert len(reader.read(1000) or b"") == 100
        reader.seek(90)
        assert len(reader.readall() or b"") == 10
        reader.seek(200)
        assert reader.read(10) == b""


def test_a_list_of_classes_is_not_fetched_beyond_its_bound(server, patience):
    file = RemoteFile(f"{server.url}/part-000.tar", 1)
    server.files["/classes.txt"] = b"a\nb\n" + b" " * (web_addresses.LARGEST_CLASSES - 4)
    assert web_addresses.classes_beside(file, patience) == ("a", "b")
    server.files["/classes.txt"] += b" "
    with pytest.raises(DataError, match="too long for a list of class names"):
        web_addresses.classes_beside(file, patience)


def test_a_table_of_more_rows_than_bytes_is_refused(monkeypatch, patience):
    class Table:
        class metadata:  # noqa: N801
            num_rows = 11

    monkeypatch.setattr(remote_tables, "_read", lambda file, patience, action: action(Table))
    with pytest.raises(Exception, match="says that it has 11 rows"):
        remote_tables._look(RemoteFile("http://host/a.parquet", 10), None, patience)
    found = remote_tables._look(RemoteFile("http://host/a.parquet", 11), None, patience)
    assert len(found.offsets) == 11


def test_looking_through_a_shard_asks_for_nothing_beyond_its_end(server):
    content = server.files["/part-000.tar"]

    class Counting(io.BytesIO):
        most = 0

        def read(self, size=-1):
            Counting.most = max(Counting.most, size)
            return super().read(size)

    assert len(look_through(Counting(content), "a.tar", IMAGES).offsets) == 4
    assert Counting.most <= len(content)
