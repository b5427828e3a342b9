"""Texts are found in files of every form, and hostile ones are refused in a sentence."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genzoo import UndecodableError
from genzoo_text.reading import (
    MOST_BYTES,
    Columns,
    Found,
    delimited,
    objects,
    text_lines,
    whole_text,
)

ANY = Columns(None, None)


def lines(content: bytes, columns: Columns = ANY) -> list[Found]:
    return list(text_lines(io.BytesIO(content), columns))


def test_a_line_is_a_text_and_blank_ones_are_passed_over() -> None:
    found = lines("\ufeffAnna\r\n\n  \nBéa\nKim".encode())
    assert [each.text for each in found] == ["Anna", "Béa", "Kim"]
    assert {each.label for each in found} == {None}


def test_a_line_of_megabytes_is_read_as_far_as_a_text_goes() -> None:
    found = lines(b"a" * 5_000_000 + b"\nKim\n")
    assert [len(each.text) for each in found] == [MOST_BYTES, 3]
    assert [each.cut for each in found] == [True, False]


def test_a_line_that_is_cut_within_a_character_loses_that_alone() -> None:
    (found,) = lines("é".encode() * MOST_BYTES + b"x")
    assert found.text == "é" * (MOST_BYTES // 2)
    (found,) = lines(b"x" + "é".encode() * MOST_BYTES)
    assert found.text == "x" + "é" * ((MOST_BYTES - 1) // 2)


def test_memory_is_bounded_whatever_a_line_has() -> None:
    content = io.BytesIO(b"a" * 30_000_000)
    tracemalloc.start()
    try:
        list(text_lines(content, ANY))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Anna\nB\xe9a\n", "line 2 is not UTF-8: byte 0xe9; save it as UTF-8"),
        (b"An\0na\n", "line 1 holds a NUL byte, so it is not text"),
        ("Anna".encode("utf-16"), "line 1 is UTF-16; save it as UTF-8"),
    ],
)
def test_what_is_not_text_is_refused_with_its_line(content: bytes, reason: str) -> None:
    with pytest.raises(UndecodableError, match=reason):
        lines(content)


def test_classes_stand_in_a_column_between_tabs() -> None:
    found = lines(b"Anna\tf\nKim\tm\nAlex\n", Columns(None, "2"))
    assert [(each.text, each.label) for each in found] == [
        ("Anna", "f"),
        ("Kim", "m"),
        ("Alex", None),
    ]


def test_a_whole_file_is_a_text_with_its_line_breaks() -> None:
    assert [each.text for each in whole_text(io.BytesIO(b"Roses\nare red\n\n"))] == [
        "Roses\nare red"
    ]
    assert list(whole_text(io.BytesIO(b"\n"))) == []
    (found,) = whole_text(io.BytesIO(b"a" * 2 * MOST_BYTES))
    assert (len(found.text), found.cut) == (MOST_BYTES, True)


def table(content: str, columns: Columns = ANY, delimiter: str = ",") -> list[tuple[str, object]]:
    found = delimited(io.BytesIO(content.encode()), delimiter, columns)
    return [(each.text, each.label) for each in found]


def test_tables_have_a_header_where_a_column_has_a_known_name_or_one_is_named() -> None:
    expected = [("Anna, the first", None), ("Kim", None)]
    assert table('id,text\n1,"Anna, the first"\n2,Kim\n') == expected
    assert table('id,quote\n1,"Anna, the first"\n2,Kim\n', Columns("quote", None)) == expected
    assert table("Anna,f\nKim,m\n") == [("Anna", None), ("Kim", None)]
    assert table("f,Anna\nm,Kim\n", Columns("2", "1")) == [("Anna", "f"), ("Kim", "m")]
    assert table('say "hi"\tx\n', delimiter="\t") == [('say "hi"', None)]


@pytest.mark.parametrize(
    ("content", "columns", "reason"),
    [
        ("id,text\n1,Anna\n", Columns(None, "sex"), "it has no column 'sex', only: id, text"),
        ("id,text\n1\n", ANY, "row 2 has no column 2"),
        ('text\n"Anna\n', ANY, "unexpected end of data"),
        ("a" * 2_000_000, ANY, "line 1 is longer than 1,048,576 bytes"),
    ],
)
def test_tables_that_are_none_are_refused(content: str, columns: Columns, reason: str) -> None:
    with pytest.raises(UndecodableError, match=reason):
        table(content, columns)


def test_lines_of_json_are_strings_or_have_a_field() -> None:
    content = b'{"id": 1, "text": "Anna", "sex": "f"}\n\n{"text": "Kim", "sex": 0}\n"Bo"\n'
    found = list(objects(io.BytesIO(content), Columns(None, "sex")))
    assert [(each.text, each.label) for each in found] == [
        ("Anna", "f"),
        ("Kim", "0"),
        ("Bo", None),
    ]
    only = list(objects(io.BytesIO(b'{"a": 1, "b": "Kim"}'), ANY))
    assert [each.text for each in only] == ["Kim"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"text": "Anna"}\nx\n', "line 2 is not JSON"),
        (b"[" * 500_000, "line 1 is not JSON"),
        (b"[1]\n", "line 1 is not an object of JSON"),
        (b'{"a": 1}\n', "line 1 has no text in it"),
        (b'{"text": "a"}\n{"text": 1}\n', "line 2 has no text in the field 'text'"),
        (b'{"text": "a\xff"}\n', "line 1 is not UTF-8"),
    ],
)
def test_lines_that_are_not_json_are_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UndecodableError, match=reason):
        list(objects(io.BytesIO(content), ANY))


@given(st.binary(max_size=300), st.sampled_from(["lines", "whole", "csv", "tsv", "jsonl"]))
def test_any_bytes_are_texts_or_refused(content: bytes, form: str) -> None:
    file, columns = io.BytesIO(content), Columns(None, "2")
    found = {
        "lines": lambda: text_lines(file, columns),
        "whole": lambda: whole_text(file),
        "csv": lambda: delimited(file, ",", columns),
        "tsv": lambda: delimited(file, "\t", columns),
        "jsonl": lambda: objects(file, columns),
    }[form]()
    try:
        texts = [each.text for each in found]
    except UndecodableError:
        return
    assert all(text.strip("\r\n") and "\0" not in text for text in texts)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@given(st.lists(TEXTS, max_size=5))
def test_what_is_written_as_json_comes_back(texts: list[str]) -> None:
    kept = [text for text in texts if text.strip()]
    content = "".join(json.dumps({"text": text}) + "\n" for text in kept).encode()
    assert [each.text for each in objects(io.BytesIO(content), ANY)] == kept
