"""Folders named after splits: they are not classes, and not all of them are to be learnt from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from genzoo.data.class_folders import common_folders
from genzoo.data.data_notes import listing, printable
from genzoo.data.folder_listing import FolderScan, scan_folder
from genzoo.errors import DataError
from genzoo.interfaces.kind import Kind

TRAIN = ("train", "training")
SPLITS = (*TRAIN, *("val", "valid", "validation", "dev", "test", "testing", "eval", "evaluation"))


def scan_split(root: Path, name: str, kind: Kind) -> FolderScan:
    """`scan_folder`, of the folder `train` alone where there is nothing but folders of splits.

    Args:
        root: The folder.
        name: What the user typed.
        kind: What it holds.

    Raises:
        DataError: The folder cannot be read, holds nothing, or holds splits but none to train on.
    """
    scan = scan_folder(root, kind)
    paths = [scan.files[0].path, scan.files[-1].path]
    above = "".join(f"{part}/" for part in paths[0].split("/")[: common_folders(paths)])
    split = split_to_train_on((file.path[len(above) :] for file in scan.files), name)
    if split is None:
        return scan
    found = scan_folder(root / above / split.folder, kind)
    return FolderScan(found.root, found.files, (split.note, *found.notes))


@dataclass(frozen=True)
class Split:
    """The folder to read alone, and a sentence that says so."""

    folder: str
    note: str


def is_split(name: str) -> bool:
    """Whether a folder of that name is a split of a data set, such as `train` or `test`."""
    return name.lower() in SPLITS


def split_to_train_on(paths: Iterable[str], name: str) -> Split | None:
    """The split to train on, where `paths` begin with folders that are splits; else None.

    Args:
        paths: Of all files, '/' between parts.
        name: What the user typed.

    Raises:
        DataError: They are splits, and not one of them is to be trained on.
    """
    splits = _splits_among(paths)
    if not splits:
        return None
    wanted = _train_of(splits, name)
    return Split(wanted, _read_alone(name, wanted, splits))


def _splits_among(paths: Iterable[str]) -> list[str]:
    """The folders that `paths` begin with, where they are splits and nothing else, and several."""
    found: set[str] = set()
    for path in paths:
        folder, below, _ = path.partition("/")
        if not below or not is_split(folder):
            return []
        found.add(folder)
    return sorted(found) if len(found) > 1 else []


def _train_of(splits: list[str], name: str) -> str:
    """The split to train on.

    Raises:
        DataError: There is none, or more than one.
    """
    wanted = [split for split in splits if split.lower() in TRAIN]
    if len(wanted) == 1:
        return wanted[0]
    raise DataError(
        f"'{name}' holds the splits {', '.join(splits)}, and not one to train on.",
        f"Name the folder or the shards of one of them, such as those of {splits[0]}.",
    )


def _read_alone(name: str, wanted: str, splits: list[str]) -> str:
    """The sentence that one split is read and no other."""
    left = [split for split in splits if split != wanted]
    return listing(
        f"Read '{wanted}' alone; in '{printable(name)}' another split is left out",
        f"Read '{wanted}' alone; in '{printable(name)}' {{}} other splits are left out",
        left,
    )
