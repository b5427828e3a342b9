"""Splits of a data set in tar shards: in the names of shards, or as folders in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from genzoo.data.shard_index import ShardIndex
from genzoo.data.split_folders import SPLITS, read_alone, splits_among, train_of
from genzoo.data.texts import Texts


def shards_to_train_on(shards: Sequence[Path], name: str) -> tuple[list[Path], list[str]]:
    """The shards of the split `train` where their names are those of splits, and a note of it.

    Args:
        shards: All in a folder.
        name: What the user typed.

    Raises:
        DataError: They are of splits, and of none to train on.
    """
    words = [set(re.split("[^a-z]+", shard.stem.lower())) & set(SPLITS) for shard in shards]
    if any(len(each) != 1 for each in words):
        return list(shards), []
    names = [word for (word,) in words]
    splits = splits_among(f"{word}/" for word in names)
    if not splits:
        return list(shards), []
    wanted = train_of(splits, name)
    chosen = [shard for shard, word in zip(shards, names, strict=True) if word == wanted]
    return chosen, [read_alone(name, wanted, splits)]


def samples_to_train_on(
    found: Sequence[ShardIndex], name: str
) -> tuple[Sequence[ShardIndex], list[str]]:
    """The samples in the folder `train` where all lie in folders of splits, and a note of it.

    Args:
        found: Indices of all shards.
        name: What the user typed.

    Raises:
        DataError: There are splits, and none to train on.
    """
    above = _above(found)
    if above is None:
        return found, []
    splits = splits_among(_below(path, above) for path in _paths(found))
    if not splits:
        return found, []
    wanted = f"{above}{train_of(splits, name)}/"
    return [_only(index, wanted) for index in found], [
        read_alone(name, wanted[len(above) : -1], splits)
    ]


def _paths(found: Sequence[ShardIndex]) -> Iterator[str]:
    return (os.fsdecode(path) for index in found for path in index.names)


def _above(found: Sequence[ShardIndex]) -> str | None:
    """The folders above one that is named after a split, by the first sample; None for none."""
    folders = next(_paths(found), "").split("/")[:-1]
    places = [place for place, folder in enumerate(folders) if folder.lower() in SPLITS]
    return "".join(f"{folder}/" for folder in folders[: places[0]]) if places else None


def _below(path: str, above: str) -> str:
    return path[len(above) :] if path.startswith(above) else ""


def _only(index: ShardIndex, folder: str) -> ShardIndex:
    keep = np.array([os.fsdecode(path).startswith(folder) for path in index.names], np.bool_)
    return replace(
        index,
        names=Texts.of(path for path, kept in zip(index.names, keep, strict=True) if kept),
        offsets=index.offsets[keep],
        sizes=index.sizes[keep],
        labels=index.labels[keep],
    )
