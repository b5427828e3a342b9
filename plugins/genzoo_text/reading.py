"""Texts and their classes out of files, a bounded piece of them in memory at a time."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

from genzoo import UndecodableError

MOST_BYTES = 1 << 16
"""Of one text, as far as it is read: what a text has beyond that would be cut off."""

MOST_LINE = 1 << 20
"""Bytes of a line of a table."""

FIELDS = ("text", "texts", "content", "sentence", "name")
"""What the column of texts is called where nobody says it, best first."""

MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Found:
    """A text, its class if the file says it, and whether its end was not even read."""

    text: str
    label: str | None = None
    cut: bool = False


@dataclass(frozen=True)
class Columns:
    """Where texts and classes are: names, or numbers from 1; None is to be found out."""

    text: str | None
    label: str | None


def whole_text(file: BinaryIO) -> Iterator[Found]:
    """All of a file as one text, without the line breaks at its end.

    Raises:
        UndecodableError: It is not text.
    """
    raw = file.read(MOST_BYTES + 1)
    text = decoded(raw.removeprefix(MARK)[:MOST_BYTES], "it", len(raw) > MOST_BYTES)
    if stripped := text.strip("\r\n"):
        yield Found(stripped, cut=len(raw) > MOST_BYTES)


def text_lines(file: BinaryIO, columns: Columns) -> Iterator[Found]:
    """A text from each line that is not blank; with a column of classes, of its columns.

    Raises:
        UndecodableError: A line is not text, or lacks a column.
    """
    for number, (text, cut) in enumerate(_lines(file), 1):
        if not text.strip():
            continue
        if columns.label is None and columns.text is None:
            yield Found(text, cut=cut)
        else:
            cells = text.split("\t")
            found = _cell(cells, columns.text or "1", f"line {number}")
            if found.strip():
                yield Found(found, _optional(cells, columns.label), cut)


def delimited(file: BinaryIO, delimiter: str, columns: Columns) -> Iterator[Found]:
    """Texts of a table, whose first line may name its columns.

    Raises:
        UndecodableError: It is not such a table, or lacks a column.
    """
    rows = _csv_rows(file, delimiter)
    first = next(rows, None)
    if first is None:
        return
    named = [name.strip().lower() for name in first]
    by_name = [each for each in (columns.text, columns.label) if each and not each.isdigit()]
    headed = bool(by_name) or any(name in FIELDS for name in named)
    text = _position(first, columns.text) if columns.text else _usual(named) + 1
    label = _position(first, columns.label) if columns.label else None
    for number, cells in enumerate(rows if headed else chain([first], rows), 1 + headed):
        if any(cell.strip() for cell in cells):
            found = _cell(cells, str(text), f"row {number}")
            if found.strip():
                yield Found(found, _optional(cells, str(label) if label else None))


def objects(file: BinaryIO, columns: Columns) -> Iterator[Found]:
    """Texts of lines of JSON: each a string, or an object with a field of texts.

    Raises:
        UndecodableError: A line is not JSON, or lacks the field.
    """
    field = columns.text
    for number, line in _short_lines(file):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise UndecodableError(f"line {number} is not JSON") from None
        if isinstance(value, str):
            value = {FIELDS[0]: value}
        if not isinstance(value, dict):
            raise UndecodableError(f"line {number} is not an object of JSON")
        field = field or _usual_field(value, number)
        text = value.get(field)
        if not isinstance(text, str):
            raise UndecodableError(f"line {number} has no text in the field '{field}'")
        if text.strip():
            yield Found(text, _label(value, columns.label))


def decoded(raw: bytes, what: str, cut: bool = False) -> str:
    """Bytes as text.

    Args:
        raw: In UTF-8.
        what: What they are called in the reason.
        cut: Whether they end anywhere, perhaps within a character.

    Raises:
        UndecodableError: They are not UTF-8, or have a NUL, which no text has.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UndecodableError(f"{what} is UTF-16; save it as UTF-8")
    if b"\0" in raw:
        raise UndecodableError(f"{what} holds a NUL byte, so it is not text")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if cut and error.start >= len(raw) - 3:
            return raw[: error.start].decode("utf-8")
        byte = raw[error.start]
        raise UndecodableError(f"{what} is not UTF-8: byte {byte:#04x}; save it as UTF-8") from None


def _lines(file: BinaryIO) -> Iterator[tuple[str, bool]]:
    """Each line as far as a text goes, and whether there was more."""
    number = 0
    while raw := file.readline(MOST_BYTES + 1):
        number += 1
        cut = len(raw) > MOST_BYTES and not raw.endswith(b"\n")
        rest = raw
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(MOST_BYTES)
        kept = raw.removeprefix(MARK) if number == 1 else raw
        if cut:
            kept = kept[:MOST_BYTES]
        yield decoded(kept, f"line {number}", cut).rstrip("\r\n"), cut


def _short_lines(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Lines of a table, with their numbers."""
    number = 0
    while raw := file.readline(MOST_LINE + 1):
        number += 1
        if len(raw) > MOST_LINE:
            raise UndecodableError(f"line {number} is longer than {MOST_LINE:,} bytes")
        yield number, decoded(raw.removeprefix(MARK) if number == 1 else raw, f"line {number}")


def _csv_rows(file: BinaryIO, delimiter: str) -> Iterator[list[str]]:
    lines = (line for _, line in _short_lines(file))
    # Tables with tabs quote nothing.
    if delimiter == "\t":
        rows = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise UndecodableError(f"row {rows.line_num}: {error}") from None
        if row is None:
            return
        yield row


def _usual(named: Sequence[str]) -> int:
    """Position of the column of texts."""
    return next((named.index(field) for field in FIELDS if field in named), 0)


def _usual_field(value: Mapping[str, Any], number: int) -> str:
    texts = [field for field, cell in value.items() if isinstance(cell, str)]
    known = [field for field in FIELDS if field in texts]
    if not texts:
        raise UndecodableError(f"line {number} has no text in it")
    return (known or texts)[0]


def _position(header: Sequence[str], column: str) -> int:
    """Number of a column from 1."""
    if column.isdigit():
        return int(column)
    if column not in header:
        names = ", ".join(name[:40] for name in header[:10])
        raise UndecodableError(f"it has no column '{column}', only: {names}")
    return header.index(column) + 1


def _cell(cells: Sequence[str], column: str, where: str) -> str:
    found = _optional(cells, column)
    if found is None:
        raise UndecodableError(f"{where} has no column {column}")
    return found


def _optional(cells: Sequence[str], column: str | None) -> str | None:
    if column is None or not column.isdigit() or not 1 <= int(column) <= len(cells):
        return None
    return cells[int(column) - 1]


def _label(value: Mapping[str, Any], field: str | None) -> str | None:
    cell = None if field is None else value.get(field)
    return str(cell) if isinstance(cell, str | int) else None
