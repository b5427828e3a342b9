"""Parquet files on other machines as a source.

A row of parquet can only be had with the many that are compressed together with it. So the images
of a file that has been fetched are put one after the other into a plain file, which is kept in its
place: first their bytes, then where each begins and the last ends, as 64-bit integers.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genzoo import Blocks, Content, DataError, Encoded, SourceRequest, UndecodableError, digest
from genzoo_sources.connection import RemoteFile, shown
from genzoo_sources.messages import one_line
from genzoo_sources.reader import Patience, RemoteReader, download
from genzoo_sources.remote_index import file_identity, indices
from genzoo_sources.shard_index import ShardIndex, Texts, numbered
from genzoo_sources.shard_source import IndexedShards
from genzoo_sources.shard_store import ShardStore
from genzoo_sources.table_bounds import check_parquet
from genzoo_sources.table_columns import cell_content, cell_name, label_column, sample_column

if TYPE_CHECKING:
    from datasets import Features

BUFFER = 2**16
"""Bytes that are asked for at a time where few are needed."""

ROWS = 64
"""Rows that are unpacked at a time."""

MOST_TIMES, AT_LEAST = 16, 2**26
"""How many times its size a file may take when it is unpacked, or this many bytes. Images are
compressed already: a file that grows more is made to fill disks."""

BOUND = np.dtype("<i8")


class RemoteTables(IndexedShards):
    """The images in parquet files on other machines, a few of which lie on this one at a time.

    The first time the numbers of rows and the labels are read; they are kept.

    Args:
        files: The files as they are now, in order.
        features: What their columns are; None for what the first file says.
        request: What they are called and hold. Twice its window lies on this machine.
        patience: For interruptions.

    Raises:
        DataError: One cannot be had or read, or there is no sample in them.
        StorageError: An index cannot be written.
        UsageError: It is not clear which column has the samples.
    """

    def __init__(
        self,
        files: Sequence[RemoteFile],
        features: Features | None,
        request: SourceRequest,
        patience: Patience,
    ) -> None:
        kind = request.kind
        if features is None:
            features = _features(files[0], patience)
        images, labels = sample_column(features, kind, request.data), label_column(features)
        classes = tuple(getattr(features[labels], "names", ())) if labels else ()
        look = partial(_look, column=labels, patience=patience)
        found = indices(files, request, look, patience, f"labels {labels}")
        columns = [str(len(files)), images, labels or "", *classes]
        identity = digest(["remote tables", *map(file_identity, files), *columns])
        super().__init__([file.name for file in files], found, request, identity, classes)
        self.blocks = Blocks(self.lengths, request.window)

        feature = features[images]
        self._cell_name = cell_name(feature, kind)

        def stored(cell: Any) -> bytes:
            content = cell_content(cell, feature, kind)
            return content.data if isinstance(content, Content) else b""

        def fetch(shard: int, path: Path) -> None:
            _fetch(files[shard], images, stored, path, patience)

        folder = request.cache / "streamed" / identity
        self._store = ShardStore(folder, fetch, 2 * request.window, patience)

    def prepare(self, blocks: Sequence[int]) -> None:
        self._store.prepare(blocks)

    def encoded(self, position: int) -> Encoded:
        shard, row = int(self._which[position]), int(self._offsets[position])
        bounds = self._store.shard(shard).size - (self.lengths[shard] + 1) * BOUND.itemsize
        place = bounds + row * BOUND.itemsize
        around = self.read(shard, place, 2 * BOUND.itemsize)
        first, last = np.frombuffer(around, BOUND).tolist()
        if first == last:
            return UndecodableError("it is empty")
        return Content(self._cell_name, self.read(shard, first, last - first))

    def _name(self, position: int) -> str:
        return f"row {self._offsets[position]}"

    def read(self, shard: int, offset: int, size: int) -> bytes:
        return self._store.read(shard, offset, size)


def _features(file: RemoteFile, patience: Patience) -> Features:
    from datasets import Features

    return _read(file, patience, lambda table: Features.from_arrow_schema(table.schema_arrow))


def _look(file: RemoteFile, column: str | None, patience: Patience) -> ShardIndex:
    """The rows of a file, in place of the offsets of samples, and their labels."""
    from pyarrow import ArrowInvalid

    def look(table: Any) -> ShardIndex:
        count = table.metadata.num_rows
        if count > file.size:
            raise ArrowInvalid(f"it says that it has {count} rows")
        labels, label_names = numbered([b""] * count if column is None else _labels(table, column))
        return ShardIndex(
            names=Texts.of(()),
            offsets=np.arange(count, dtype=np.int64),
            sizes=np.zeros(count, np.int64),
            labels=labels,
            label_names=label_names,
            others=np.zeros(1, np.int64),
            spare=np.zeros(1, np.int64),
        )

    return _read(file, patience, look)


def _labels(table: Any, column: str) -> list[bytes]:
    values = table.read(columns=[column], use_threads=False).column(0)
    numbers = values.fill_null(-1).to_numpy().astype(np.int64)
    return [b"" if number < 0 else str(number).encode() for number in numbers.tolist()]


def _read(file: RemoteFile, patience: Patience, action: Callable[[Any], Any]) -> Any:
    """What `action` reads of a parquet file; of the rest of it nothing is asked for."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with io.BufferedReader(RemoteReader(file, patience), BUFFER) as content:
            return action(ParquetFile(content))
    except (ArrowException, OSError, KeyError) as error:
        raise DataError(f"'{shown(file.url)}' cannot be read: {one_line(error)}.") from error


def _fetch(
    file: RemoteFile,
    column: str,
    stored: Callable[[Any], bytes],
    path: Path,
    patience: Patience,
) -> None:
    table = path.with_name(f".table{path.name}")
    try:
        download(file, table, patience)
        check_parquet(table, shown(file.url))
        _unpack(table, column, stored, path, shown(file.url))
    finally:
        table.unlink(missing_ok=True)


def _unpack(
    table: Path, column: str, stored: Callable[[Any], bytes], path: Path, name: str
) -> None:
    """Write the samples of a parquet file, as `stored` has them, as `RemoteTables` reads them."""
    from pyarrow import ArrowException, ArrowInvalid
    from pyarrow.parquet import ParquetFile

    bounds, most = [0], max(MOST_TIMES * table.stat().st_size, AT_LEAST)
    try:
        with ParquetFile(table) as source, path.open("wb") as target:
            for batch in source.iter_batches(ROWS, columns=[column], use_threads=False):
                for cell in batch.column(0).to_pylist():
                    target.write(stored(cell))
                    bounds.append(target.tell())
                if bounds[-1] > most:
                    raise ArrowInvalid(f"its samples take more than {most} bytes")
            if len(bounds) != source.metadata.num_rows + 1:
                raise ArrowInvalid("it has fewer rows than it says")
            target.write(np.array(bounds, BOUND).tobytes())
    except (ArrowException, OSError) as error:
        if getattr(error, "errno", None):
            raise  # of the disk, not of the content
        raise DataError(f"'{name}' cannot be read: {one_line(error)}.") from error
