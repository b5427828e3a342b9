"""What the author of a data source implements: where samples come from, and how they are had.

Register one with a `DataSourceSpec` in the hook `genzoo_sources`.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from genzoo.interfaces.decoded import Decoded, UndecodableError
from genzoo.interfaces.kind import Kind
from genzoo.specs import Config

WINDOW = 4
"""Blocks, such as shards, that are mixed at a time, where nobody says how many."""

LOOK = 256
"""Samples that are looked at to decide options, where looking means unpacking."""


@dataclass(frozen=True)
class SourceRequest:
    """Data that are to be opened, and how.

    Attributes:
        data: What the user typed.
        kind: What they hold; its options may still be open.
        cache: The folder for what is fetched and found out.
        stream: Whether samples are decoded each time they are used, and none is kept.
        window: Blocks that are mixed at a time, where samples come in blocks from elsewhere.
        note: Hears sentences for the user: of interruptions, and of what takes long.
    """

    data: str
    kind: Kind
    cache: Path
    stream: bool = False
    window: int = WINDOW
    note: Callable[[str], None] = lambda text: None


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file that is a part of another, such as an archive, and its name."""

    ARRAY: ClassVar[str] = "entry of an array"
    """The name of content that is numbers, as numpy.save writes them, and no file of a kind."""

    name: str
    data: bytes

    @classmethod
    def of_array(cls, entry: NDArray[np.generic]) -> Self:
        """Numbers that a kind takes as an entry of an array: `Kind.check` says of which shape."""
        buffer = io.BytesIO()
        np.save(buffer, entry, allow_pickle=False)
        return cls(cls.ARRAY, buffer.getvalue())

    def array(self) -> NDArray[np.generic]:
        """The numbers, of content that is named `ARRAY`.

        Raises:
            ValueError: It is damaged.
        """
        found: NDArray[np.generic] = np.load(io.BytesIO(self.data), allow_pickle=False)
        return found


Encoded = Path | Content | UndecodableError
"""A file, the bytes of one, or why there are none."""

Outcome = Decoded | UndecodableError
Outcomes = Generator[Outcome, None, None]


@dataclass(frozen=True)
class RawSamples:
    """Samples as they come, such as those of a registered data set.

    Attributes:
        samples: (N, ...), as their kind takes arrays; images are (N, height, width, channels) uint8
            with 1, 3 or 4 channels.
        labels: (N,) integers indexing `classes`, or None.
        classes: Class names in label order.
    """

    samples: NDArray[Any]
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Labels:
    """Class labels, if there are any.

    Attributes:
        values: (N,) indices into `classes`, or None.
        classes: Class names in label order.
        notes: Sentences worth telling the user.
        missing: Why there are none, as a part of a sentence; empty where nothing is to be said.
        without: (n,) numbers of the samples without a label, where others have one.
    """

    values: NDArray[np.int64] | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    missing: str = ""
    without: Sequence[int] = ()

    @classmethod
    def incomplete(
        cls, samples: str, without: Sequence[int], count: int, one: str, many: str
    ) -> Self:
        """No labels, because `without` of `count` samples have none: `one` or `many` says so."""
        missing = f"{len(without)} of {count} {samples} {one if len(without) == 1 else many}"
        return cls(None, (), (f"No labels: {missing}.",), missing, without)


@dataclass(frozen=True)
class Blocks:
    """How samples lie in blocks, one after the other.

    Attributes:
        lengths: Number of samples of each block.
        window: Blocks whose samples are mixed.
    """

    lengths: tuple[int, ...]
    window: int

    @property
    def head(self) -> int:
        """Number of samples in as many of the first blocks as a window has."""
        return sum(self.lengths[: self.window])


class DataSource(ABC):
    """Files or entries in a fixed order that can be decoded again and again.

    Derive from `FileSource` or `DecodedSource`.

    Attributes:
        name: What the user typed.
        identity: Changes whenever the content does; the same content may have the same one wherever
            it lies. What is decoded is kept under it.
        notes: Sentences worth telling the user.
        may_change: Whether others may write where the content lies: it is then looked at again
            once all is decoded.
    """

    name: str
    identity: str
    notes: tuple[str, ...] = ()
    may_change: bool = True

    @abstractmethod
    def __len__(self) -> int:
        """Number of files or entries."""

    @abstractmethod
    def options(self, kind: Kind) -> Config:
        """The options of `kind` for this data, none left open; may take a look at everything."""

    @abstractmethod
    def names(self) -> Sequence[str]:
        """A name for each file or entry, to report it by."""

    @abstractmethod
    def labels(self, kept: Sequence[int]) -> Labels:
        """A label for each row; `kept` says which file or entry it came from."""


class DecodedSource(DataSource):
    """A source that makes rows itself, one after the other. It cannot be streamed."""

    @abstractmethod
    def outcomes(self, kind: Kind) -> Outcomes:
        """Each file or entry in order, decoded, or why it could not be."""


class FileSource(DataSource):
    """A source of files, or of their bytes, that can be had in any order.

    They are decoded on all cores, at once or, where data are streamed, as they are used.

    Attributes:
        blocks: How they lie, where those of a block are to be had together.
    """

    blocks: Blocks | None = None

    def prepare(self, blocks: Sequence[int]) -> None:
        """Hear of the blocks that are needed from now on, those needed first to begin with."""

    @abstractmethod
    def encoded(self, position: int) -> Encoded:
        """What is to be decoded at a position. Safe in several threads at once."""

    @abstractmethod
    def name_at(self, position: int) -> str:
        """What to call what is at a position."""

    def names(self) -> Sequence[str]:
        return [self.name_at(position) for position in range(len(self))]

    def options(self, kind: Kind) -> Config:
        """The options that the first samples suggest, unpacked for a moment."""
        first = islice(map(self.encoded, range(len(self))), LOOK)
        contents = [each for each in first if isinstance(each, Content)]
        if contents and contents[0].name == Content.ARRAY:
            return self._options_for_arrays(kind, [content.array() for content in contents])
        with TemporaryDirectory() as folder:
            return kind.options_for_files(
                [_unpacked(each, Path(folder), number) for number, each in enumerate(contents)]
            )

    def _options_for_arrays(self, kind: Kind, entries: list[NDArray[np.generic]]) -> Config:
        alike = [entry for entry in entries if entry.shape == entries[0].shape]
        return kind.options_for_array(kind.check(np.stack(alike), self.name))


def _unpacked(content: Content, folder: Path, number: int) -> Path:
    path = folder / f"{number}{PurePath(content.name).suffix}"
    path.write_bytes(content.data)
    return path
