"""Which files of a tar are one sample.

As WebDataset has it, those with one name up to the first dot: `0001.jpg` with the class in
`0001.cls`, or as "label" in `0001.json`; of `0001.png` and `0001.seg.png` the first is taken.

Files of people have dots in their names too. What follows a dot belongs to the name of the sample
and not to its ending where it is not a word (`at 10.15.30.png`, `v1.0.png`), and where files of the
same sample would have words that no other sample has (`john.smith.jpg`, `john.doe.jpg`).
"""

from __future__ import annotations

import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from genzoo import Kind

LARGEST_LABEL = 2**20
"""Bytes of a file that may hold a label."""

LONGEST_LABEL = 1024
"""Bytes of a label; classes have shorter names."""

LONGEST_PATH, LONGEST_NAME = 4096, 255
"""Bytes of the name of a file with its folders, and of that alone: no system has longer ones."""

LABELS = (".cls", ".json")

_WORD = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class MemberFile:
    """A file in a tar that the kind reads: its name, where its bytes begin, and their number.

    Attributes:
        ending: What makes it one of several files of a sample: `.png` or `.seg.png`.
        rank: How well it suits, lower being better.
    """

    name: str
    offset: int
    size: int
    ending: str
    rank: int

    @property
    def stem(self) -> str:
        """Its name without the last ending."""
        return str(PurePosixPath(self.name).with_suffix(""))


@dataclass(frozen=True)
class Grouped:
    """A file and a label (empty for none) for each sample, and how much is beside them.

    Attributes:
        others: Number of samples without a file that the kind reads.
        spare: Number of files that the kind reads beside that of their sample.
    """

    files: list[MemberFile]
    labels: list[bytes]
    others: int
    spare: int


class ShardSamples:
    """Collects the files of a tar by sample.

    Args:
        kind: What they hold.
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._groups: dict[str, list[MemberFile]] = {}
        self._labels: dict[str, bytes] = {}
        self._unnamed = 0

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, member: tarfile.TarInfo, shard: BinaryIO) -> None:
        """Take down a file; hidden ones are left out."""
        if not _can_be_name(member.name):
            self._unnamed += 1
            return
        key, ending = split_name(member.name)
        if key is None:
            return
        group = self._groups.setdefault(key, [])
        last = PurePosixPath(member.name).suffix.lower()
        if last in LABELS and member.size <= LARGEST_LABEL:
            shard.seek(member.offset_data)
            label = _label(shard.read(member.size), last)
            if label:
                self._labels[str(PurePosixPath(member.name).with_suffix(""))] = label
            return
        rank = _rank(ending, self._kind)
        if rank is not None:
            found = MemberFile(member.name, member.offset_data, member.size, ending, rank)
            group.append(found)

    def grouped(self) -> Grouped:
        """The samples in the order of their first files."""
        shared = Counter(file.ending for group in self._groups.values() for file in group)
        files: list[MemberFile] = []
        spare = 0
        for group in self._groups.values():
            if self._are_samples(group, shared):
                files += group
            elif group:
                files.append(min(group, key=lambda file: file.rank))
                spare += len(group) - 1
        others = self._without(files) + self._unnamed
        return Grouped(files, [self._label_of(file) for file in files], others, spare)

    def _are_samples(self, group: list[MemberFile], shared: Counter[str]) -> bool:
        """Whether the files of one name up to a dot are a sample each."""
        plain = any(file.ending.count(".") == 1 for file in group)
        return (
            len(group) > 1
            and not plain
            and len(self._groups) > 1
            and not all(shared[file.ending] > 1 for file in group)
        )

    def _label_of(self, file: MemberFile) -> bytes:
        """That of the longest name that a label file shares with it, up to one of its dots."""
        return next((found for key in _names(file.name) if (found := self._labels.get(key))), b"")

    def _without(self, files: list[MemberFile]) -> int:
        """Samples without a file that the kind reads; those that only label others do not count."""
        if all(self._groups.values()):
            return 0
        known = {key for file in files for key in _names(file.name)}
        return sum(not group and key not in known for key, group in self._groups.items())


def split_name(name: str) -> tuple[str | None, str]:
    """Name of the sample and ending: `a/1.seg.png` is `.seg.png` of `a/1`; no name if hidden."""
    path = PurePosixPath(name)
    first, *rest = path.name.split(".")
    if not first or not rest:
        return (str(path) if first else None), ""
    words = len(rest) - 1
    while words and _WORD.fullmatch(rest[words - 1]):
        words -= 1
    stem = ".".join([first, *rest[:words]])
    return str(path.with_name(stem)), ("." + ".".join(rest[words:])).lower()


def _names(name: str) -> Iterator[str]:
    """`a/1.2.seg`, `a/1.2` and `a/1` for `a/1.2.seg.png`."""
    path = PurePosixPath(name)
    while path.suffix:
        path = path.with_suffix("")
        yield str(path)


def _rank(ending: str, kind: Kind) -> int | None:
    """How well a file of that ending suits: `.png` better than `.seg.png`."""
    last = PurePosixPath(f"x{ending}").suffix
    if last not in kind.reads:
        return None
    return kind.reads.index(last) + (0 if ending == last else len(kind.reads))


def _can_be_name(name: str) -> bool:
    # What is longer would take time and memory beyond all proportion to the file.
    return len(name) <= LONGEST_PATH and len(name) - name.rfind("/") - 1 <= LONGEST_NAME


def _label(content: bytes, ending: str) -> bytes:
    if ending == ".cls":
        return _short(content)
    try:
        known = json.loads(content)
    except (ValueError, RecursionError):
        return b""
    label = known.get("label") if isinstance(known, dict) else None
    if isinstance(label, bool) or not isinstance(label, int | str):
        return b""
    return _short(str(label).encode(errors="replace"))


def _short(label: bytes) -> bytes:
    label = label.strip()
    return label if len(label) <= LONGEST_LABEL else b""
