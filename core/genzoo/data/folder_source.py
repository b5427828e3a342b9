"""A folder of files as a source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import overload

from genzoo.data.class_folders import folder_labels
from genzoo.data.content_digests import content_digests
from genzoo.data.data_notes import printable
from genzoo.data.fingerprint import digest
from genzoo.data.folder_listing import FolderScan
from genzoo.interfaces.data_source import FileSource, Labels
from genzoo.interfaces.kind import Kind
from genzoo.specs import Config


class FolderSource(FileSource):
    """The files of a folder, or of a list, that may hold samples of `kind`.

    Args:
        scan: Which files.
        name: What the user typed.
        kind: What the files hold.
        cache: Where digests of the files are kept.
        note: Hears of it where much has to be read for them.
    """

    def __init__(
        self,
        scan: FolderScan,
        name: str,
        kind: Kind,
        cache: Path,
        note: Callable[[str], None] | None = None,
    ) -> None:
        self.scan = scan
        self.name = name
        self.identity = folder_identity(self.scan, cache, note)
        self.notes = self.scan.notes
        self._array, self._pattern = kind.array, kind.label_pattern

    def __len__(self) -> int:
        return len(self.scan.files)

    def options(self, kind: Kind) -> Config:
        return kind.options_for_files(_Paths(self.scan))

    def name_at(self, position: int) -> str:
        return printable(self.scan.files[position].path)

    def encoded(self, position: int) -> Path:
        return self.scan.root / self.scan.files[position].path

    def labels(self, kept: Sequence[int]) -> Labels:
        paths = [self.scan.files[position].path for position in kept]
        return folder_labels(paths, self._array, self._pattern)


def folder_identity(
    scan: FolderScan, cache: Path, note: Callable[[str], None] | None = None
) -> str:
    """Of a folder: the path in it and the content of each file, not its times."""
    statuses = [file.status for file in scan.files]
    digests = content_digests(_Paths(scan), statuses, str(scan.root.absolute()), cache, note)
    pairs = zip(scan.files, digests, strict=True)
    return digest(["folder", *(part for file, each in pairs for part in (file.path, each.hex()))])


class _Paths(Sequence[Path]):
    """The files' paths, made one at a time: they take more memory than all else about files."""

    def __init__(self, scan: FolderScan) -> None:
        self._scan = scan

    def __len__(self) -> int:
        return len(self._scan.files)

    @overload
    def __getitem__(self, number: int) -> Path: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Path]: ...
    def __getitem__(self, number: int | slice) -> Path | Sequence[Path]:
        if isinstance(number, slice):
            return [self._scan.root / file.path for file in self._scan.files[number]]
        return self._scan.root / self._scan.files[number].path
