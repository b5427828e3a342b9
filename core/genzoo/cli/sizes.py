"""How much room things take, for people."""

from __future__ import annotations

from pathlib import Path


def folder_bytes(folder: Path) -> int | None:
    """Bytes of all files below `folder`; None if it is not a folder here."""
    if not folder.is_dir():
        return None
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def readable_size(count: int | None) -> str:
    """Bytes for people: `5.2 MB`."""
    if count is None:
        return ""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
