"""Tar files laid out as WebDataset's."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image


def picture(value: int, size: int = 8, ending: str = "PNG") -> bytes:
    """The file of a plain picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), (value, value, value)).save(buffer, ending)
    return buffer.getvalue()


def write_shard(path: Path, files: Mapping[str, bytes]) -> Path:
    """A tar with those files in that order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_shards(folder: Path, count: int = 12, shards: int = 3, classes: int = 2) -> Path:
    """`count` pictures of values 0, 1, ... with their numbers modulo `classes`."""
    each = count // shards
    for shard in range(shards):
        files = {}
        for number in range(shard * each, (shard + 1) * each):
            files[f"{number:04d}.png"] = picture(number)
            files[f"{number:04d}.cls"] = str(number % classes).encode()
        write_shard(folder / f"part-{shard:03d}.tar", files)
    return folder
