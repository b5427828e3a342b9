"""Texts as a kind of content."""

from __future__ import annotations

import io
import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray

from genzoo import DataError, Decoded, Kind, Layout, SampleSpec, SpecError, UndecodableError
from genzoo_text.configs import TextOptions
from genzoo_text.reading import Columns, Found, delimited, objects, text_lines, whole_text
from genzoo_text.tokens import Tokens, learn_vocabulary, make_tokens

if TYPE_CHECKING:
    from torch import Tensor

END = 0
LONGEST_DEFAULT = 256
"""Tokens beyond which texts are cut unless a length is asked for: longer ones train for days."""

MOST_LEARNED = 1 << 26
"""Characters from which an alphabet or pieces are learned: more tell little."""

MOST_VALUES = 1 << 29
"""Tokens of the texts of one file, which are in memory together: a gigabyte."""

Texts = Callable[[], Iterator[str]]
"""Gives them once more each time."""

CUT = "Cut the end off {} of the texts."
UNKNOWN = "Left out {} texts with characters that are not in the alphabet."
PLAIN = (".txt", ".text")


class TextKind(Kind):
    """Texts: rows (length,) uint16 of tokens, samples the same as float32.

    Token 0 ends a text, and fills its row. A text that fills its row has no end.

    Raises:
        ConfigError: The vocabulary is damaged.
        UsageError: A number of pieces that cannot be.
    """

    name: ClassVar[str] = "text"
    noun: ClassVar[str] = "text"
    array: ClassVar[str] = "texts"
    endings: ClassVar[tuple[str, ...]] = (".txt", ".jsonl")
    reads: ClassVar[tuple[str, ...]] = (*PLAIN, ".tsv", ".csv", ".jsonl")
    columns: ClassVar[tuple[str, ...]] = ("content", "sentence")
    printed: ClassVar[bool] = True
    piece: ClassVar[str] = "character"

    config: TextOptions

    @cached_property
    def tokens(self) -> Tokens:
        """What texts are cut into."""
        return make_tokens(self.config.tokens, self.config.vocabulary)

    @property
    def label_pattern(self) -> str | None:
        """With {label} the option is about names of files, else about columns."""
        given = self.config.label_from
        return given if given is not None and "{" in given else None

    @property
    def layout(self) -> Layout:
        return Layout((self.config.length or LONGEST_DEFAULT,), "uint16")

    def spec(self, classes: Sequence[str] = ()) -> SampleSpec:
        return SampleSpec(
            kind=self.name,
            shape=self.layout.shape,
            low=0.0,
            high=self.tokens.count - 1.0,
            classes=tuple(classes),
        )

    def options_for_files(self, paths: Sequence[Path]) -> TextOptions:
        several = len([path for path in islice(paths, 2) if path.suffix.lower() in PLAIN]) > 1
        items = self.config.items or ("files" if several else "lines")
        kind = TextKind(self.config.model_copy(update={"items": items}))
        return kind._settled(lambda: kind._texts_of_files(paths))

    def options_for_array(self, samples: NDArray[np.generic]) -> TextOptions:
        if samples.dtype.kind != "U":
            return self.config.model_copy(update={"length": samples.shape[1]})
        return self._settled(lambda: (str(text) for text in samples))

    def options_for_spec(self, spec: SampleSpec) -> TextOptions:
        if (spec.kind, len(spec.shape), spec.high) != (self.name, 1, self.spec().high):
            raise SpecError(
                f"Texts of {self.tokens.count} tokens are not samples of the model, which are of "
                f"kind {spec.kind} and have {round(spec.high) + 1}."
            )
        return self.config.model_copy(update={"length": spec.shape[0]})

    def _settled(self, texts: Texts) -> TextOptions:
        """Options with the vocabulary and the length that these texts have."""
        vocabulary = self.config.vocabulary or learn_vocabulary(
            self.config.tokens, _first(texts(), MOST_LEARNED)
        )
        found = self.config.model_copy(update={"vocabulary": vocabulary})
        if found.length is None:
            tokens = make_tokens(found.tokens, vocabulary)
            most = 1
            for text in texts():
                most = max(most, len(tokens.encode(text) or ()))
                if most >= LONGEST_DEFAULT:
                    break
            found = found.model_copy(update={"length": min(most, LONGEST_DEFAULT)})
        return found

    def _texts_of_files(self, paths: Iterable[Path]) -> Iterator[str]:
        """All texts; files that cannot be read are said to be so where they are decoded."""
        for path in paths:
            try:
                with path.open("rb") as file:
                    for found in self._found(file, path.suffix):
                        yield found.text
            except (OSError, UndecodableError):
                continue

    def decode(self, path: Path) -> Decoded:
        with path.open("rb") as file:
            return self._decoded(self._found(file, path.suffix))

    def decode_bytes(self, content: bytes, name: str) -> Decoded:
        return self._decoded(self._found(io.BytesIO(content), PurePath(name).suffix))

    def _found(self, file: BinaryIO, ending: str) -> Iterator[Found]:
        classes = None if self.label_pattern else self.config.label_from
        columns = Columns(self.config.field, classes)
        if ending.lower() == ".jsonl":
            return objects(file, columns)
        if ending.lower() in (".csv", ".tsv"):
            return delimited(file, "," if ending.lower() == ".csv" else "\t", columns)
        return whole_text(file) if self.config.items == "files" else text_lines(file, columns)

    def _decoded(self, texts: Iterable[Found]) -> Decoded:
        length = self.layout.shape[0]
        rows, labels, counts = array("H"), [], Counter[str]()
        for found in texts:
            tokens = self.tokens.encode(found.text)
            if tokens is None:
                counts[UNKNOWN] += 1
                continue
            counts[CUT] += found.cut or len(tokens) > length
            rows.extend(tokens[:length])
            rows.extend([END] * (length - len(tokens)))
            if found.label is not None:
                labels.append(found.label)
            if len(rows) > MOST_VALUES:
                raise UndecodableError("it holds too many texts for one file; split it in several")
        made = np.frombuffer(rows, np.uint16).reshape(-1, length)
        if not len(made) and counts[UNKNOWN]:
            raise UndecodableError("it has characters that are not in the alphabet")
        if len(labels) not in (0, len(made)):
            missing = len(made) - len(labels)
            raise UndecodableError(f"{missing} of its {len(made)} texts do not say their class")
        told = {sentence: count for sentence, count in counts.items() if count}
        return Decoded(made, labels=tuple(labels), counts=told)

    def check(self, samples: NDArray[np.generic], name: str) -> NDArray[np.generic]:
        """(N,) strings, or (N, length) tokens."""
        if samples.ndim == 1 and samples.dtype.kind == "U":
            return samples
        if samples.ndim != 2 or samples.dtype != np.uint16 or not samples.shape[1]:
            raise DataError(
                f"The texts of '{name}' are {samples.dtype} of shape {samples.shape}.",
                "They must be strings (number,), or tokens (number, length) as uint16.",
            )
        if samples.size and int(samples.max()) >= self.tokens.count:
            raise DataError(
                f"'{name}' has the token {samples.max()}, and there are {self.tokens.count}.",
                "Give the texts as strings.",
            )
        return samples

    def adapt(self, sample: NDArray[np.generic]) -> Decoded:
        if sample.ndim == 0:
            return self._decoded([Found(str(sample))])
        row = np.zeros(self.layout.shape, np.uint16)
        row[: len(sample)] = sample[: len(row)]
        cut = bool(sample[len(row) :].any())
        return Decoded(row[None], counts={CUT: 1} if cut else {})

    def samples(self, rows: Tensor, spec: SampleSpec) -> Tensor:
        """(n, length) float32, the numbers of the tokens."""
        import torch

        return rows.to(torch.float32)

    def rows(self, x: Tensor, spec: SampleSpec) -> NDArray[np.generic]:
        if tuple(x.shape[1:]) != spec.shape:
            raise SpecError(f"Texts of shape {tuple(x.shape[1:])} are not of shape {spec.shape}.")
        whole = x.detach().cpu().float().round().clamp(0, spec.high)
        return whole.numpy().astype(np.uint16)

    def pieces(self, x: Tensor, spec: SampleSpec) -> NDArray[np.int64]:
        """Characters of each text, and one for its end, (n,)."""
        rows = self.rows(x, spec)
        ended = (rows == END).any(1)
        return np.array([len(self._text(row)) for row in rows], np.int64) + ended

    def texts(self, x: Tensor, spec: SampleSpec) -> list[str]:
        """Each sample (n, length) as a string, up to its end."""
        return [self._text(row) for row in self.rows(x, spec)]

    def _text(self, row: NDArray[np.generic]) -> str:
        ends = np.flatnonzero(row == END)
        numbers: list[int] = (row[: ends[0]] if len(ends) else row).tolist()
        return self.tokens.decode(numbers)

    def picture(self, x: Tensor, spec: SampleSpec, columns: int | None = None) -> NDArray[np.uint8]:
        """Black lines on white, (height, width, 1)."""
        from genzoo_text.line_picture import line_picture

        return line_picture([as_line(text) for text in self.texts(x, spec)])

    def encoded(
        self, x: Tensor, spec: SampleSpec, ending: str, columns: int | None = None
    ) -> bytes:
        """A line for each: the text, or an object of JSON with the field `text`."""
        texts = self.texts(x, spec)
        if ending == ".jsonl":
            lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
        else:
            lines = [as_line(text) for text in texts]
        return "".join(f"{line}\n" for line in lines).encode()


def as_line(text: str) -> str:
    """A text in one line, its control characters written as Python writes them."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _first(texts: Iterable[str], most: int) -> Iterator[str]:
    """As many as have `most` characters together."""
    left = most
    for text in texts:
        yield text
        left -= len(text)
        if left <= 0:
            return
