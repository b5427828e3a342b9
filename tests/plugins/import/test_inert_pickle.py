"""Pickles that ask for more than there is, and what they describe otherwise."""

from __future__ import annotations

import io

import pytest

from genzoo_import.inert_pickle import PickleError, run


def read(content: bytes) -> object:
    return run(io.BytesIO(content), lambda name: False)


@pytest.mark.parametrize("code", [b"\x85", b"\x86", b"\x87"])
def test_a_tuple_of_more_than_there_is_is_refused(code: bytes) -> None:
    count = code[0] - 0x84
    numbers = [b"K" + bytes([number]) for number in range(count)]
    assert read(b"\x80\x02" + b"".join(numbers) + code + b".") == tuple(range(count))
    with pytest.raises(PickleError, match="cut short, or makes no sense"):
        read(b"\x80\x02" + b"".join(numbers[1:]) + code + b".")


def test_more_is_not_appended_than_there_is() -> None:
    assert read(b"\x80\x02]K\x01a.") == [1]
    with pytest.raises(PickleError):
        read(b"\x80\x02]a.")
