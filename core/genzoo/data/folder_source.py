"""A folder of images as a source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from genzoo.data.classes import folder_labels
from genzoo.data.decode import DecodeSettings, quiet_decoding, read_size
from genzoo.data.fingerprint import folder_identity
from genzoo.data.folder import scan_folder
from genzoo.data.notes import printable
from genzoo.data.pool import decode_files
from genzoo.data.source import Labels, Native, Outcomes, Source


class FolderSource(Source):
    """The images below `root`, in colour.

    Raises:
        DataError: The folder cannot be read or holds nothing that may be an image.
    """

    channels = 3

    def __init__(self, root: Path, name: str) -> None:
        self.scan = scan_folder(root)
        self.name = name
        self.identity = folder_identity(self.scan)
        self.notes = self.scan.notes

    def native(self) -> Native:
        common: tuple[int, int] | None = None
        with quiet_decoding():
            for file in self.scan.files:
                size = read_size(self.scan.root / file.path)
                common = common or size
                if size is not None and (size != common or size[0] != size[1]):
                    return Native(None)
        return Native(common[0] if common else None)

    def names(self) -> Sequence[str]:
        return [printable(file.path) for file in self.scan.files]

    def outcomes(self, settings: DecodeSettings) -> Outcomes:
        return decode_files(self.scan.root, [file.path for file in self.scan.files], settings)

    def labels(self, kept: Sequence[int]) -> Labels:
        return folder_labels([self.scan.files[position].path for position in kept])
