"""Decoding in other processes gives what decoding here gives."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from image_data import image_kind
from PIL import Image
from points_kind import PointOptions, PointsKind

from genzoo.data import decoder_pool as pool
from genzoo.data.decoder_pool import Worker, WorkerLostError, decode_all
from genzoo.data.decoder_process import READY, describe_kind, serve
from genzoo.interfaces.data_source import Content
from genzoo.interfaces.decoded import Decoded, UndecodableError

EIGHT = image_kind(size=8)


@pytest.fixture
def names(tmp_path) -> list[str]:
    names = [f"{number:02d}.png" for number in range(40)]
    for number, name in enumerate(names):
        Image.new("RGB", (8 + number % 2, 8), (number, 0, 0)).save(tmp_path / name)
    (tmp_path / names[7]).write_bytes(b"no image")
    return names


def same(left, right) -> bool:
    if isinstance(left, Decoded) and isinstance(right, Decoded):
        return (
            bool((left.rows == right.rows).all())
            and left.remarks == right.remarks
            and left.counts == right.counts
        )
    return str(left) == str(right)


def test_workers_agree_with_this_process(tmp_path, names, monkeypatch):
    here = list(decode_all(lambda number: tmp_path / names[number], len(names), EIGHT))
    monkeypatch.setattr(pool, "FEW", 20)
    monkeypatch.setattr(pool, "CHUNK", 3)
    monkeypatch.setattr(pool, "cores", lambda: 2)
    monkeypatch.setattr(pool, "attempt", None)
    there = list(decode_all(lambda number: tmp_path / names[number], len(names), EIGHT))
    assert len(there) == 40
    assert all(same(left, right) for left, right in zip(here, there, strict=True))
    assert isinstance(there[7], UndecodableError)


def test_files_of_any_number_of_rows(tmp_path, monkeypatch):
    for number in range(40):
        lines = [f"{number},{line}\n" for line in range(number % 4)] + ["x"] * (number == 9)
        (tmp_path / f"{number:02d}.csv").write_text("".join(lines))
    names = [path.name for path in sorted(tmp_path.iterdir())]
    kind = PointsKind(PointOptions(turned=True))
    with warnings.catch_warnings(action="ignore"):
        here = list(decode_all(lambda number: tmp_path / names[number], len(names), kind))
    monkeypatch.setattr(pool, "FEW", 20)
    monkeypatch.setattr(pool, "CHUNK", 3)
    monkeypatch.setattr(pool, "cores", lambda: 2)
    monkeypatch.setattr(pool, "attempt", None)
    there = list(decode_all(lambda number: tmp_path / names[number], len(names), kind))
    assert all(same(left, right) for left, right in zip(here, there, strict=True))
    assert [isinstance(each, Decoded) for each in there] == [
        number % 4 > 0 and number != 9 for number in range(40)
    ]
    assert there[3].rows.tolist() == [[0, 3], [1, 3], [2, 3]]
    assert there[3].remarks == ("Turned {} round.",)
    assert there[3].counts == {"Read {} lines.": 3}


def test_stopping_early_ends_the_workers(tmp_path, names, monkeypatch):
    started: list[subprocess.Popen[bytes]] = []
    real = pool._start

    def start():
        started.append(real())
        return started[-1]

    monkeypatch.setattr(pool, "FEW", 20)
    monkeypatch.setattr(pool, "CHUNK", 3)
    monkeypatch.setattr(pool, "cores", lambda: 2)
    monkeypatch.setattr(pool, "_start", start)
    outcomes = decode_all(lambda number: tmp_path / names[number], len(names), EIGHT)
    next(outcomes)
    outcomes.close()
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_without_workers_it_is_done_here(tmp_path, names, monkeypatch):
    monkeypatch.setattr(pool, "FEW", 20)
    monkeypatch.setattr(pool, "cores", lambda: 2)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert len(list(decode_all(lambda number: tmp_path / names[number], len(names), EIGHT))) == 40


CRASHING = """
import os, sys
from genzoo.data import decoder_process as worker
real = worker.attempt
def attempt(kind, path):
    if path.name == "03.png":
        os.kill(os.getpid(), 9)
    return real(kind, path)
worker.attempt = attempt
worker.serve(sys.stdin.buffer, sys.stdout.buffer)
"""


def test_an_image_that_kills_its_decoder_is_skipped_alone(tmp_path, names, monkeypatch):
    monkeypatch.setattr(pool, "COMMAND", ["-c", CRASHING])
    worker = Worker(EIGHT)
    worker.open()
    outcomes = worker.decode([tmp_path / name for name in names[:6]])
    worker.close()
    assert [isinstance(outcome, Decoded) for outcome in outcomes] == [
        number != 3 for number in range(6)
    ]
    assert str(outcomes[3]) == "it crashes the decoder"


def test_a_worker_that_never_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "COMMAND", ["-c", "raise SystemExit(1)"])
    worker = Worker(EIGHT)
    with pytest.raises(WorkerLostError, match="cannot be kept running"):
        worker.open()
    worker.close()


def test_the_protocol(tmp_path, names):
    kind = json.dumps(describe_kind(image_kind(size=8, channels=1)))
    content = (tmp_path / "00.png").read_bytes()
    files = json.dumps([["00.png", len(content)], str(tmp_path / "07.png"), ["07.png", 2]])
    requests = io.BytesIO(f"{kind}\n{files}\n".encode() + content + b"no")
    replies = io.BytesIO()
    serve(requests, replies)
    header, pixels = replies.getvalue().removeprefix(READY).split(b"\n", 1)
    assert header == b'[[1, [], [], {}], "not an image", "not an image"]'
    assert pixels == bytes(64)


@pytest.mark.parametrize("kind", [EIGHT, PointsKind(PointOptions())])
def test_bytes_are_decoded_as_files_are(tmp_path, kind):
    path = tmp_path / ("1.png" if kind is EIGHT else "1.csv")
    Image.new("RGB", (8, 8), "red").save(path) if kind is EIGHT else path.write_text("1,2\n")
    missing = UndecodableError("not there")
    worker = Worker(kind)
    worker.open()
    file, content, none = worker.decode([path, Content(path.name, path.read_bytes()), missing])
    worker.close()
    assert isinstance(file, Decoded)
    assert same(file, content)
    assert none is missing


def test_modules_of_the_current_folder_stay_out(tmp_path, names, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    worker = Worker(EIGHT)
    worker.open()
    outcomes = worker.decode([Path(names[0])])
    worker.close()
    assert isinstance(outcomes[0], Decoded)
    assert (outcomes[0].rows == np.zeros((1, 8, 8, 3))).all()
