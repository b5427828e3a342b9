"""Data sets that the library `datasets` saved in a folder, and parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genzoo import Kind, SourceRequest, digest, file_digests, holds_files
from genzoo_sources.arrow_source import ArrowSource
from genzoo_sources.hub_library import PARQUET, check_library, choose_split, loaded, prepared
from genzoo_sources.shard_files import shards_in
from genzoo_sources.table_bounds import check_saved


def matches(data: str, kind: Kind) -> bool:
    """Whether `data` is a folder that was written by `save_to_disk`, or has parquet files only.

    A table beside files of the kind, which may describe them, does not count, nor beside shards.
    """
    folder = Path(data).expanduser()
    if not folder.is_dir():
        return False
    tables = _is_on_disk(folder) or (_has_parquet(folder) and not holds_files(folder, kind))
    return tables and not shards_in(folder, kind)


def open_tables(request: SourceRequest) -> ArrowSource:
    """The data set in a folder or file; parquet is converted below the cache.

    Raises:
        DataError: It cannot be read, or holds no samples of the kind.
        UsageError: The library is missing.
    """
    check_library(request.data)
    path = Path(request.data).expanduser()

    def load() -> Any:
        from datasets import load_dataset_builder, load_from_disk

        if path.is_dir() and _is_on_disk(path):
            check_saved(path, request.data)
            return load_from_disk(str(path))
        converted = str(request.cache / "datasets" / _content(path, request.cache))
        place = {"data_files": str(path)} if path.is_file() else {"data_dir": str(path)}
        return prepared(load_dataset_builder("parquet", cache_dir=converted, **place), request.data)

    dataset = choose_split(loaded(load, request.data), request.data, None)
    return ArrowSource(dataset, request, [path] if path.is_dir() else [])


def _is_on_disk(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("state.json", "dataset_dict.json"))


def _has_parquet(folder: Path) -> bool:
    patterns = (f"*{PARQUET}", f"data/*{PARQUET}")
    return any(next(folder.glob(pattern), None) is not None for pattern in patterns)


def _content(path: Path, cache: Path) -> str:
    """Of parquet: the library itself goes by times, and would take other data for converted."""
    tables = sorted(path.rglob(f"*{PARQUET}")) if path.is_dir() else [path]
    places = [str(each.relative_to(path)) for each in tables]
    return digest(["parquet", *places, *file_digests(tables, cache)])
