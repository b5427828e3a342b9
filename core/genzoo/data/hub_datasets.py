"""Data sets of the Hugging Face library `datasets`: on the Hub, saved in a folder, or in parquet.

The library is an extra, and imported only for them. Images come as they are stored and are decoded
here, as those of other sources. No code of a data set is run, and nothing is unpickled: only
formats that hold plain content are opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genzoo.data.arrow_source import ArrowSource
from genzoo.data.content_digests import file_digests
from genzoo.data.fingerprint import digest
from genzoo.data.hub_library import disk_errors, from_hub, hub_builder
from genzoo.data.shards import holds_files
from genzoo.errors import DataError, StorageError, UsageError
from genzoo.interfaces.kind import Kind
from genzoo.plugin_errors import one_line

if TYPE_CHECKING:
    from datasets import Dataset

PREFIX = "hf:"
REFERENCE = re.compile(
    r"hf:(?P<repo>[\w.-]+(/[\w.-]+)?)(:(?P<split>[\w.-]+))?(@(?P<revision>\S+))?"
)
ADDRESS = re.compile(r"hf://datasets/([\w.-]+(?:/[\w.-]+)?)[@/]")
PARQUET = ".parquet"
FOLDERS = "imagefolder"
FORMATS = ("parquet", "arrow", FOLDERS, "webdataset")
"""What files of a data set on the Hub may be."""


READERS = ["datasets", "packaged_modules"]
"""Where the library keeps what reads each of them."""


@dataclass(frozen=True)
class Reference:
    """A data set on the Hub: `hf:OWNER/NAME[:SPLIT][@REVISION]`."""

    repo: str
    split: str | None
    revision: str | None


def parse_reference(name: str) -> Reference:
    """The parts of a name that begins with `hf:`.

    Raises:
        UsageError: It is none.
    """
    match = REFERENCE.fullmatch(name)
    if match is None:
        raise UsageError(
            f"'{name}' is no name of a data set on the Hub.",
            "Type hf:OWNER/NAME, with :SPLIT and @REVISION after it if needed.",
        )
    return Reference(match["repo"], match["split"], match["revision"])


def hub_source(name: str, kind: Kind, cache: Path) -> ArrowSource:
    """The data set on the Hub that `name` means; what its rows hold is remembered below `cache`.

    Raises:
        DataError: It cannot be had, or holds no images.
        HubError, StorageError: As `from_hub`.
        UsageError: A name or split that is wrong, or the library is missing.
    """
    reference = parse_reference(name)
    check_library(name)

    folders: list[Path] = []

    repo, revision = reference.repo, reference.revision
    builder = hub_builder(repo, revision, name)

    def load() -> Any:
        if check_format(builder, name) == FOLDERS:
            folders.extend(_downloads(builder))
        builder.download_and_prepare()
        return builder.as_dataset()

    dataset = _split(from_hub(load, repo, revision, name), name, reference.split)
    return ArrowSource(dataset, name, kind, cache, folders)


def _downloads(builder: Any) -> Iterator[Path]:
    """Where the library puts the files of a data set, which its own columns then name."""
    from datasets import config
    from huggingface_hub.constants import HF_HUB_CACHE

    for files in builder.config.data_files.values():
        for address in files:
            match = ADDRESS.match(str(address))
            if match is not None:
                yield Path(HF_HUB_CACHE) / f"datasets--{match[1].replace('/', '--')}"
                break
    yield Path(config.EXTRACTED_DATASETS_PATH)


def check_format(builder: Any, name: str) -> str:
    """What the files of a data set are, by the module of the library that reads them.

    Raises:
        DataError: It is none of `FORMATS`.
    """
    modules = (one.__module__.split(".") for one in type(builder).__mro__)
    found = next((parts[2] for parts in modules if parts[:2] == READERS), "other")
    if found not in FORMATS:
        raise DataError(
            f"'{name}' consists of files of the format '{found}'.",
            f"Data sets on the Hub are read as {', '.join(FORMATS)}.",
        )
    return found


def is_saved(path: Path, kind: Kind) -> bool:
    """Whether a folder was written by `save_to_disk` or has parquet files only, or is such a file.

    A table beside files of the kind, which may describe them, does not count.
    """
    if path.is_dir():
        return _is_on_disk(path) or (_has_parquet(path) and not holds_files(path, kind))
    return path.suffix.lower() == PARQUET


def _is_on_disk(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("state.json", "dataset_dict.json"))


def _has_parquet(folder: Path) -> bool:
    patterns = (f"*{PARQUET}", f"data/*{PARQUET}")
    return any(next(folder.glob(pattern), None) is not None for pattern in patterns)


def saved_source(path: Path, name: str, kind: Kind, cache: Path) -> ArrowSource:
    """The data set in a folder or file; parquet is converted below `cache`.

    Raises:
        DataError: It cannot be read, or holds no images.
        UsageError: The library is missing.
    """
    check_library(name)

    def load() -> Any:
        from datasets import load_dataset, load_from_disk

        if path.is_dir() and _is_on_disk(path):
            return load_from_disk(str(path))
        converted = str(cache / "datasets" / _content(path, cache))
        if path.is_file():
            return load_dataset("parquet", data_files=str(path), cache_dir=converted)
        return load_dataset("parquet", data_dir=str(path), cache_dir=converted)

    dataset = _split(loaded(load, name), name, None)
    return ArrowSource(dataset, name, kind, cache, [path] if path.is_dir() else [])


def _content(path: Path, cache: Path) -> str:
    """Of parquet: the library itself goes by times, and would take other data for converted."""
    tables = sorted(path.rglob(f"*{PARQUET}")) if path.is_dir() else [path]
    places = [str(each.relative_to(path)) for each in tables]
    return digest(["parquet", *places, *file_digests(tables, cache)])


def check_library(name: str) -> None:
    """Refuse a missing library.

    Raises:
        UsageError: It is so.
    """
    if find_spec("datasets") is None:
        raise UsageError(
            f"'{name}' needs the library datasets.", "Type pip install 'genzoo[datasets]'."
        )


def loaded(load: Callable[[], Any], name: str) -> Any:
    """What `load` gives.

    Raises:
        DataError: It failed.
        StorageError: The disk is full.
    """
    try:
        with disk_errors():
            return load()
    except (DataError, StorageError):
        raise
    except Exception as error:  # the library and what it builds on raise many kinds
        raise DataError(
            f"'{name}' cannot be loaded: {one_line(error)}.", "Check what it consists of."
        ) from error


def _split(found: Any, name: str, split: str | None) -> Dataset:
    """The split asked for; by default `train`, or the only one."""
    from datasets import Dataset

    if isinstance(found, Dataset):
        return found
    dataset: Dataset = choose_split(found, name, split)
    return dataset


def choose_split(splits: Mapping[Any, Any], name: str, split: str | None) -> Any:
    """That of the split asked for; by default of `train`, or the only one.

    Raises:
        UsageError: There is none.
    """
    wanted = split or ("train" if "train" in splits or len(splits) != 1 else next(iter(splits)))
    if wanted not in splits:
        raise UsageError(
            f"'{name}' has no split '{wanted}'.", f"It has: {', '.join(map(str, splits))}."
        )
    return splits[wanted]
