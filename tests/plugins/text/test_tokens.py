"""Texts are cut into tokens and put together again."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genzoo import CapabilityError, ConfigError, UsageError
from genzoo_text.tokens import Tokens, learn_vocabulary, make_tokens

TEXTS = ["the cat sat on the mat", "the dog sat on the log", "Zoë and José"] * 5


def learned(name: str) -> Tokens:
    return make_tokens(name, learn_vocabulary(name, TEXTS))


@pytest.mark.parametrize("name", ["chars", "bytes", "bpe:300"])
def test_what_is_cut_comes_together_again(name: str) -> None:
    tokens = learned(name)
    for text in TEXTS:
        numbers = tokens.encode(text)
        assert numbers is not None
        assert all(1 <= number < tokens.count for number in numbers)
        assert tokens.decode(numbers) == text


def test_the_alphabet_is_that_of_the_data_in_order() -> None:
    assert learn_vocabulary("chars", ["banana", "cab"]) == "abcn"
    tokens = make_tokens("chars", "abcn")
    assert (tokens.count, tokens.encode("cab"), tokens.encode("dab")) == (5, [3, 1, 2], None)


def test_pieces_of_words_are_longer_than_letters() -> None:
    numbers = learned("bpe:300").encode(TEXTS[0])
    assert numbers is not None
    assert len(numbers) < len(TEXTS[0]) / 2


@given(st.text(st.characters(codec="utf-8")))
def test_bytes_and_pieces_know_every_text(text: str) -> None:
    for name in ("bytes", "bpe:300"):
        tokens = PIECES if name != "bytes" else make_tokens(name, "")
        assert tokens.decode(tokens.encode(text) or []) == text


PIECES = learned("bpe:300")


def test_bytes_that_make_no_character_are_shown_as_such() -> None:
    assert make_tokens("bytes", "").decode([0xC3 + 1, 65 + 1]) == "\ufffdA"


@pytest.mark.parametrize("size", [1, 256, 65_001])
def test_a_number_of_pieces_that_cannot_be_is_refused(size: int) -> None:
    with pytest.raises(UsageError, match="Ask for 257"):
        make_tokens(f"bpe:{size}", "")


@pytest.mark.parametrize(
    "vocabulary", ["x", "[]", "{}", '{"model": {"vocab": []}}', '{"model": {"vocab": {"a": 7}}}']
)
def test_a_damaged_vocabulary_is_refused(vocabulary: str) -> None:
    with pytest.raises(ConfigError, match="vocabulary of the texts is damaged"):
        make_tokens("bpe:300", vocabulary)


def test_a_vocabulary_that_the_library_refuses_is_refused() -> None:
    tokens = make_tokens("bpe:300", json.dumps({"model": {"vocab": {"a": 0}}}))
    with pytest.raises(ConfigError, match="vocabulary of the texts is damaged"):
        tokens.encode("a")


def test_an_alphabet_with_a_character_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="a character twice"):
        make_tokens("chars", "aba")


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(CapabilityError, match="need the library tokenizers") as caught:
        learn_vocabulary("bpe:300", TEXTS)
    assert caught.value.hint == "Type pip install 'genzoo[text]'."
