"""A data set of the library `datasets` as a source."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genzoo import (
    Content,
    DataError,
    Encoded,
    FileSource,
    Labels,
    SourceRequest,
    UndecodableError,
    digest,
    file_digests,
    number_labels,
    remembered,
)
from genzoo_sources.table_bounds import most_bytes
from genzoo_sources.table_columns import cell_content, label_column, sample_column

if TYPE_CHECKING:
    from datasets import Dataset


class ArrowSource(FileSource):
    """The samples of a data set, with a label of each if there is a column of classes.

    Args:
        dataset: Rows in Arrow files, mapped into memory.
        request: Which data they are, and of which kind.
        folders: Where files may lie that it names; those elsewhere are not opened.

    Raises:
        DataError: It is empty or has no column of samples.
        UsageError: It is not clear which column has the samples.
    """

    may_change = False  # the rows are the library's own copy

    def __init__(
        self, dataset: Dataset, request: SourceRequest, folders: Sequence[Path] = ()
    ) -> None:
        self.name = name = request.data
        self._kind = kind = request.kind
        self._folders = [Path(os.path.realpath(folder)) for folder in folders]
        column = sample_column(dataset.features, kind, name)
        if not len(dataset):
            raise DataError(f"There is no {kind.noun} in '{name}'.")
        _check_count(dataset, name)
        # As stored: the library would decode them one by one.
        self._images = dataset.select_columns([column]).with_format("arrow")
        self._feature = dataset.features[column]
        self._dataset = dataset
        self.identity = self._known(column, request.cache)

    def __len__(self) -> int:
        return len(self._images)

    def name_at(self, position: int) -> str:
        return f"row {position}"

    def encoded(self, position: int) -> Encoded:
        cell = self._images[position].column(0)[0].as_py()
        if isinstance(cell, dict) and cell.get("bytes") is None and cell.get("path"):
            return self._file(cell["path"])
        return cell_content(cell, self._feature, self._kind)

    def _file(self, named: str) -> Encoded:
        """A file that the data set names: whoever made it may mean any of this machine."""
        if "\0" not in named:
            for folder in self._folders:
                path = Path(os.path.realpath(folder / named))
                if path.is_relative_to(folder):
                    return path if path.is_file() else UndecodableError("its file is not there")
        return UndecodableError("it names a file outside the data set, which is not opened")

    def _known(self, column: str, cache: Path) -> str:
        """The identity, found again once the files that hold the rows look changed."""
        tables = [Path(each["filename"]) for each in self._dataset.cache_files]
        if not tables or self._names_files(column):
            return self._content(cache)
        facts = ["datasets", column, str(self._dataset.features), str(len(self))]
        return remembered(facts, cache, lambda: self._content(cache), tables)

    def _names_files(self, column: str) -> bool:
        """Whether rows may name files that hold images, which then change without the tables."""
        chunks = self._dataset.data.column(column).chunks
        return any(
            chunk.field("bytes").null_count
            for chunk in chunks
            if hasattr(chunk, "field") and chunk.type.get_field_index("bytes") >= 0
        )

    def _content(self, cache: Path) -> str:
        """Of all images as they are stored, and their classes."""
        images, numbers = blake2b(digest_size=16), blake2b(digest_size=16)
        files = []
        for position in range(len(self)):
            stored = self.encoded(position)
            if isinstance(stored, Path):
                files.append(stored)
            known = stored.data if isinstance(stored, Content) else type(stored).__name__.encode()
            images.update(len(known).to_bytes(8, "big") + known)
        labels = self.labels(range(len(self)))
        if labels.values is not None:
            numbers.update(labels.values.data)
        contents = file_digests(files, cache)
        facts = [images.hexdigest(), numbers.hexdigest(), str(len(files))]
        return digest(["rows", *facts, *contents, *labels.classes])

    def labels(self, kept: Sequence[int]) -> Labels:
        column = label_column(self._dataset.features)
        if column is None:
            return Labels(None, (), missing="it has no column of classes")
        values = _values(self._dataset, column)[np.asarray(kept)]
        missing = np.flatnonzero(values < 0).tolist()
        if missing:
            one, many = "has none", "have none"
            return Labels.incomplete(self._kind.array, missing, len(values), one, many)
        names = tuple(getattr(self._dataset.features[column], "names", ()))
        return Labels(*number_labels(values, names, len(values), self.name, self._kind))


def _check_count(dataset: Dataset, name: str) -> None:
    """Rows that hold nothing take no room, so a file can claim any number of them."""
    size = sum(Path(each["filename"]).stat().st_size for each in dataset.cache_files)
    if dataset.cache_files and len(dataset) > most_bytes(size):
        raise DataError(f"'{name}' says that it has {len(dataset):,} rows in {size:,} bytes.")


def _values(dataset: Dataset, column: str) -> NDArray[np.int64]:
    """All values of a column of integers, -1 for none."""
    table = dataset.select_columns([column]).with_format("arrow")[:]
    values: NDArray[np.int64] = table.column(0).fill_null(-1).to_numpy().astype(np.int64)
    return values
