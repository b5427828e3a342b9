"""Files on another machine, read whatever becomes of the connection."""

from __future__ import annotations

import io
import os
import threading
import time

import numpy as np
import pytest
from file_server import FileServer, serving

from genzoo.errors import DataError
from genzoo_sources import connection, reader
from genzoo_sources.connection import look, shown
from genzoo_sources.reader import Patience, RemoteReader, download

CONTENT = np.random.default_rng(0).bytes(100_000)


@pytest.fixture
def server():
    with serving(FileServer({"/a": CONTENT})) as server:
        yield server


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(reader, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(reader, "LAST_DELAY", 0.01)


@pytest.fixture
def heard() -> list[str]:
    return []


def opened(server, heard):
    return RemoteReader(look(f"{server.url}/a"), Patience(heard.append))


def test_it_reads_as_a_file_does(server, heard):
    file, local = opened(server, heard), io.BytesIO(CONTENT)
    with io.BufferedReader(file, 1000) as content:
        for offset, whence, size in [
            (0, 0, 10),
            (500, 0, 10),
            (-100, 2, 200),
            (3, 0, 9),
            (5, 1, 4),
        ]:
            assert content.seek(offset, whence) == local.seek(offset, whence)
            assert content.read(size) == local.read(size)
            assert content.tell() == local.tell()
    assert heard == []


def test_reading_on_is_one_request(server, heard):
    with opened(server, heard) as file:
        for start in range(0, len(CONTENT), 2000):
            file.seek(start)
            assert file.read(1000) == CONTENT[start : start + 1000]
    assert server.requests == [("/a", "bytes=0-0"), ("/a", "bytes=0-")]


@pytest.mark.parametrize("ranges", [True, False])
def test_broken_connections_are_taken_up_where_they_broke(server, heard, tmp_path, ranges):
    file = look(f"{server.url}/a")
    server.drop_after, server.ranges = 30_000, True
    if not ranges:
        # From the start each time: it must get a little further then.
        server.ranges, server.drop_after = False, 60_000
        server.before = lambda path: setattr(server, "drop_after", server.drop_after + 20_000)
    download(file, tmp_path / "a", Patience(heard.append))
    assert (tmp_path / "a").read_bytes() == CONTENT
    later = [asked for _, asked in server.requests[2:]]
    assert len(later) >= (2 if ranges else 1)
    assert all(asked != "bytes=0-" for asked in later)


def test_an_outage_is_waited_for_and_told_once(server, heard, tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "TELL_AFTER", 0.0)
    file = look(f"{server.url}/a")
    server.down = True
    threading.Timer(0.3, lambda: setattr(server, "down", False)).start()
    download(file, tmp_path / "a", Patience(heard.append))
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert len(heard) == 1
    assert heard[0].startswith("No connection to 127.0.0.1 (")


def test_patience_ends(server, heard, tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "PATIENCE", 0.05)
    file = look(f"{server.url}/a")
    server.down = True
    with pytest.raises(DataError, match=r"/a' cannot be read: .*") as caught:
        download(file, tmp_path / "a", Patience(heard.append))
    assert "--resume" in caught.value.hint


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", CONTENT[:-1] + b"x", b"", None])
def test_a_file_that_changed_is_not_read(server, heard, tmp_path, content):
    file = look(f"{server.url}/a")
    server.files = {} if content is None else {"/a": content}
    with pytest.raises(DataError, match=r"/a' (was changed|cannot be had|has no byte 0)"):
        download(file, tmp_path / "a", Patience(heard.append))


def test_one_that_changes_on_the_way(server, heard, tmp_path):
    file = look(f"{server.url}/a")
    server.drop_after = 1000
    server.before = lambda path: server.files.update({"/a": CONTENT[::-1]})
    with pytest.raises(DataError, match="was changed since"):
        download(file, tmp_path / "a", Patience(heard.append))


def test_passwords_and_tokens_go_to_their_own_server_only(server, tmp_path, monkeypatch):
    with serving(FileServer({"/b": b"123"})) as other:
        server.redirects = {"/a": f"{other.url}/b", "/c": "/a"}
        for name, secret in (("token", "Bearer hf_secret"), ("netrc", "Basic bWU6c2VjcmV0")):
            server.secrets.clear()
            if name == "token":
                monkeypatch.setenv("HF_TOKEN", "hf_secret")
                monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
            else:
                monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "https://hub.invalid")
                (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
                (tmp_path / ".netrc").chmod(0o600)
                monkeypatch.setenv("HOME", str(tmp_path))
            # From one path to another of the same server, then to another server.
            assert look(f"{server.url}/c").size == 3
            assert server.secrets == [secret, secret]
            assert other.secrets == []


def test_what_is_sent_beside_a_redirect_is_not_read(server):
    server.redirects, server.beside = {"/b": "/a"}, 1 << 40
    assert look(f"{server.url}/b").size == len(CONTENT)


@pytest.mark.parametrize("place", ["/b", "ftp://host/a"])
def test_redirects_that_lead_nowhere_are_said_to(server, place):
    server.redirects = {"/b": place}
    with pytest.raises(DataError, match="/b' cannot be had: it leads to no place on the web"):
        look(f"{server.url}/b")


def test_what_an_address_is_told_as():
    assert shown("https://host/a.tar?signature=secret#x") == "https://host/a.tar"


def test_only_the_web_is_opened(tmp_path, server):
    (tmp_path / "secret").write_text("x")
    server.redirects["/a"] = (tmp_path / "secret").as_uri()
    with pytest.raises(DataError):
        look(f"{server.url}/a")


def test_a_length_that_is_not_told(server, monkeypatch):
    monkeypatch.setattr(connection, "_RANGE", connection.re.compile("never"))
    with pytest.raises(DataError, match="does not say how long it is"):
        look(f"{server.url}/a")


def test_nothing_before_the_beginning(server, heard):
    with opened(server, heard) as file, pytest.raises(OSError, match="before the beginning"):
        file.seek(-1, os.SEEK_SET)


def test_those_that_wait_together_tell_it_once_and_end_together(server, heard, monkeypatch):
    monkeypatch.setattr(reader, "TELL_AFTER", 0.0)
    monkeypatch.setattr(reader, "PATIENCE", 60.0)
    server.down = True
    patience = Patience(heard.append)
    threading.Timer(0.3, patience.stopped.set).start()
    with pytest.raises(DataError, match="not wanted any more"):
        patience.side_by_side(
            4, lambda url: patience.persist(url, lambda: look(url)), [f"{server.url}/a"] * 9
        )
    assert len(heard) == 1


def test_a_server_that_drips_is_given_up(server, heard, monkeypatch):
    monkeypatch.setattr(reader, "PATIENCE", 0.3)
    file = opened(server, heard)
    server.pause = 0.01
    began = time.monotonic()
    with pytest.raises(DataError, match=r"fewer than 300,000 bytes arrived in"):
        file.readall()
    assert time.monotonic() - began < 3


def test_a_slow_server_is_read_to_the_end(server, heard, monkeypatch):
    monkeypatch.setattr(reader, "PATIENCE", 0.3)
    monkeypatch.setattr(reader, "LEAST", 5)
    server.files["/a"] = CONTENT[:80]
    with opened(server, heard) as file:
        server.pause = 0.01
        assert file.readall() == CONTENT[:80]


def test_a_head_that_drips_is_given_up(server, heard, monkeypatch):
    monkeypatch.setattr(reader, "PATIENCE", 0.2)
    monkeypatch.setattr(connection, "TIMEOUT", 0.1)
    server.head_pause = 0.02
    with pytest.raises(DataError, match="cannot be read: the server does not answer"):
        Patience(heard.append).persist(f"{server.url}/a", lambda: look(f"{server.url}/a"))
    server.head_pause = 0.0


def test_a_login_page_is_not_a_file(server, heard):
    server.page = b"<html>Sign in</html>"
    with pytest.raises(DataError, match="a web page is sent in its place") as caught:
        opened(server, heard)
    assert "login" in caught.value.hint


def test_a_limit_on_requests_is_told_at_once_and_waited_for(server, heard):
    file = opened(server, heard)
    server.refusals = [(429, {"Retry-After": "1"})]
    began = time.monotonic()
    assert file.read(10) == CONTENT[:10]
    assert 1 <= time.monotonic() - began < 5
    assert heard == ["127.0.0.1 asks to wait 1 seconds (429 Too Many Requests)."]


def test_a_wait_that_is_too_long_ends_it_at_once(server, heard):
    file = opened(server, heard)
    server.refusals = [(429, {"RateLimit": '"resolvers";r=0;t=4000'})]
    with pytest.raises(DataError, match="it asks to wait 4000 seconds"):
        file.read(10)
    assert heard == []


def test_no_more_is_read_than_the_file_had(server, heard, monkeypatch):
    file = opened(server, heard)
    content = io.BytesIO(CONTENT + b"more" * 1000)
    answer = connection.Answer(content, 0, look(f"{server.url}/a"))
    monkeypatch.setattr(reader, "connect", lambda url, start: answer)
    assert file.readall() == CONTENT
