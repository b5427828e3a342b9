"""What a text is cut into. Token 0 is the end of a text; the others are numbered from 1."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from genzoo import CapabilityError, ConfigError, UsageError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PRINTABLE = "".join(map(chr, range(32, 127)))
"""The characters that there are before any data are seen."""

MOST_CHARACTERS = 10_000
"""Different characters that are told apart; the rarest of more are left out."""

BPE = "bpe:"
EXTRA = "pip install 'genzoo[text]'"


class Tokens(ABC):
    """A way to cut texts into tokens and to put them together again.

    Attributes:
        count: How many different tokens there are, the end included.
    """

    count: int

    @abstractmethod
    def encode(self, text: str) -> list[int] | None:
        """The tokens of a text, without the end; None where it has a character that is unknown."""

    @abstractmethod
    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens that are not the end."""


class Characters(Tokens):
    """A token for each character of an alphabet."""

    def __init__(self, alphabet: str) -> None:
        self._alphabet = alphabet
        self._numbers = {character: number for number, character in enumerate(alphabet, 1)}
        self.count = len(alphabet) + 1
        if len(self._numbers) != len(alphabet):
            raise ConfigError("The alphabet of the texts has a character twice.")

    def encode(self, text: str) -> list[int] | None:
        try:
            return [self._numbers[character] for character in text]
        except KeyError:
            return None

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(self._alphabet[number - 1] for number in tokens)


class Bytes(Tokens):
    """A token for each byte of the text in UTF-8."""

    count = 257

    def encode(self, text: str) -> list[int] | None:
        return [byte + 1 for byte in text.encode()]

    def decode(self, tokens: Sequence[int]) -> str:
        """Bytes that make no character become the replacement character."""
        return bytes(number - 1 for number in tokens).decode("utf-8", "replace")


class Pieces(Tokens):
    """Pieces of words, by byte pair encoding (Sennrich et al. 2016) of the bytes of a text.

    Args:
        content: What the library tokenizers wrote as JSON.
        size: Pieces that were asked for.
    """

    def __init__(self, content: str, size: int) -> None:
        self._content = content
        self.count = self._known(content) + 1 if content else size + 1

    @staticmethod
    def _known(content: str) -> int:
        try:
            vocabulary: Any = json.loads(content)["model"]["vocab"]
            numbers = sorted(vocabulary.values())
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            numbers = []
        if not numbers or numbers != list(range(len(numbers))):
            raise ConfigError("The vocabulary of the texts is damaged.")
        return len(numbers)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        try:
            return library().Tokenizer.from_str(self._content)
        except CapabilityError:
            raise
        except Exception as error:  # the library raises no type of its own
            raise ConfigError("The vocabulary of the texts is damaged.") from error

    def encode(self, text: str) -> list[int] | None:
        numbers: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return [number + 1 for number in numbers]

    def decode(self, tokens: Sequence[int]) -> str:
        """Bytes that make no character become the replacement character."""
        text: str = self._tokenizer.decode([number - 1 for number in tokens])
        return text


def make_tokens(name: str, vocabulary: str) -> Tokens:
    """The tokens that the options `tokens` and `vocabulary` describe.

    Raises:
        ConfigError: The vocabulary is damaged.
    """
    if name == "bytes":
        return Bytes()
    if name.startswith(BPE):
        return Pieces(vocabulary, bpe_size(name))
    return Characters(vocabulary or PRINTABLE)


def learn_vocabulary(name: str, texts: Iterable[str]) -> str:
    """The option `vocabulary` for these texts.

    Raises:
        CapabilityError: It needs the library tokenizers, which is not installed.
        UsageError: A number of pieces that is too small.
    """
    if name == "bytes":
        return ""
    if name.startswith(BPE):
        return _learn_pieces(texts, bpe_size(name))
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    return "".join(sorted(character for character, _ in counts.most_common(MOST_CHARACTERS)))


def bpe_size(name: str) -> int:
    """Pieces that `bpe:N` asks for.

    Raises:
        UsageError: Fewer than the bytes there are, or more than rows can hold.
    """
    size = int(name.removeprefix(BPE))
    if not 256 < size <= 65_000:
        raise UsageError(f"'{name}' asks for {size} pieces.", "Ask for 257 to 65000: bpe:4096.")
    return size


def library() -> Any:
    """The library tokenizers.

    Raises:
        CapabilityError: It is not installed.
    """
    try:
        import tokenizers
    except ImportError as error:
        raise CapabilityError(
            "Pieces of words need the library tokenizers.", f"Type {EXTRA}."
        ) from error
    return tokenizers


def _learn_pieces(texts: Iterable[str], size: int) -> str:
    tokenizers = library()
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size,
        show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    content: str = tokenizer.to_str()
    return content
