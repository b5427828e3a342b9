"""JSON of strangers is refused before it can do harm."""

from __future__ import annotations

import time

import pytest

from genzoo.system.strict_json import MAX_DEPTH, parse_json


def test_what_is_json_is_read() -> None:
    raw = '{"a": [1, 2.5, -1e3, null, true, "é \\ud83d\\ude00"]}'.encode()
    assert parse_json(raw) == {"a": [1, 2.5, -1000.0, None, True, "é \U0001f600"]}


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"<html>", b"\xff", b"NaN", b"-Infinity", b"1e999", b'"\\ud800"',
        b'{"\\udc00": 1}', b"1" * 5000, b"[" * 400 + b"]" * 400, b"[" * 1_000_000,
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
    ],
    ids=lambda raw: ascii(raw[:12]),
)  # fmt: skip
def test_everything_else_is_refused_at_once(raw: bytes) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=r"\S"):
        parse_json(raw)
    assert time.process_time() - began < 1


def test_the_greatest_depth_is_allowed_and_no_more() -> None:
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(ValueError, match="nested more than"):
        parse_json(b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2))
