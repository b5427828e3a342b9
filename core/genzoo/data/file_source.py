"""Sources of things to be decoded: each one file, or the bytes of one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import islice
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

import numpy as np

from genzoo.data.data_source import Outcomes, Source
from genzoo.data.decoder_pool import decode_all
from genzoo.data.decoding import ENTRY, Content, Encoded, array_in, quiet_decoding
from genzoo.data.shuffle import Blocks
from genzoo.interfaces.kind import Kind
from genzoo.specs import Config

LOOK = 256
"""Samples that are looked at to decide options, where looking means unpacking."""


class FileSource(Source):
    """A source whose entries can be had in any order, and so decoded while they are used.

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

    def outcomes(self, kind: Kind) -> Outcomes:
        return decode_all(self.encoded, len(self), kind)

    def options(self, kind: Kind) -> Config:
        """The options that the first samples suggest, unpacked for a moment."""
        with TemporaryDirectory() as folder, quiet_decoding():
            first = islice(map(self.encoded, range(len(self))), LOOK)
            contents = [each for each in first if isinstance(each, Content)]
            if contents and contents[0].name == ENTRY:
                return self._options_for_entries(kind, contents)
            return kind.options_for_files(
                [_unpacked(each, Path(folder), number) for number, each in enumerate(contents)]
            )

    def _options_for_entries(self, kind: Kind, contents: Sequence[Content]) -> Config:
        entries = [array_in(content.data) for content in contents]
        alike = [entry for entry in entries if entry.shape == entries[0].shape]
        return kind.options_for_array(kind.check(np.stack(alike), self.name))


def _unpacked(content: Content, folder: Path, number: int) -> Path:
    path = folder / f"{number}{PurePath(content.name).suffix}"
    path.write_bytes(content.data)
    return path
