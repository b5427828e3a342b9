"""Folders named after splits: they are not classes, and not all of them are to be learnt from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from genzoo.data.class_folders import common_folders
from genzoo.data.folder_listing import FolderScan, scan_folder
from genzoo.data.remarks import listing, printable
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
    splits = splits_among(file.path[len(above) :] for file in scan.files)
    if not splits:
        return scan
    wanted = train_of(splits, name)
    found = scan_folder(root / above / wanted, kind)
    return FolderScan(found.root, found.files, (read_alone(name, wanted, splits), *found.notes))


def splits_among(paths: Iterable[str]) -> list[str]:
    """The folders that `paths` begin with, where they are splits and nothing else, and several."""
    found: set[str] = set()
    for path in paths:
        folder, below, _ = path.partition("/")
        if not below or folder.lower() not in SPLITS:
            return []
        found.add(folder)
    return sorted(found) if len(found) > 1 else []


def train_of(splits: list[str], name: str) -> str:
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


def read_alone(name: str, wanted: str, splits: list[str]) -> str:
    """The sentence that one split is read and no other."""
    left = [split for split in splits if split != wanted]
    return listing(
        f"Read '{wanted}' alone; in '{printable(name)}' another split is left out",
        f"Read '{wanted}' alone; in '{printable(name)}' {{}} other splits are left out",
        left,
    )
