"""`genzoo models`: the zoo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.options import output_options
from genzoo.cli.output import output
from genzoo.cli.plugged import plugged_registry

if TYPE_CHECKING:
    from genzoo.records import ModelSpec
    from genzoo.registry import Entry

COLUMNS = {
    "name": "name",
    "architecture": "architecture",
    "shape": "shape",
    "size": "size",
    "licence": "licence",
    "summary": "summary",
}


@click.command()
@output_options
def command() -> None:
    """List the pretrained models that are at hand."""
    catalogue = plugged_registry().models
    rows = [_row(name, catalogue.find(name)) for name in catalogue.names()]
    output().table(COLUMNS, rows)
    if rows:
        output().note(f"Try one: genzoo sample {rows[0]['name']} -n 64")
    else:
        output().note("None is registered.")


def _row(name: str, entry: Entry[ModelSpec]) -> dict[str, Any]:
    record = entry.record
    folder = Path(record.location)
    kind, shape = _contract(folder)
    count = folder_bytes(folder)
    return {
        "name": name,
        "full_name": entry.full_name,
        "architecture": record.architecture,
        "kind": kind,
        "shape": shape,
        "size": readable_size(count),
        "bytes": count,
        "licence": record.licence,
        "tags": record.tags,
        "location": record.location,
        "summary": record.summary,
    }


def _contract(folder: Path) -> tuple[str, str]:
    """Kind and shape, such as `image` and `3x64x64`; empty for what is elsewhere or damaged."""
    import json

    # pydantic, which checks the file in full, takes longer to import than the list may take.
    try:
        sample = json.loads((folder / "config.json").read_text(encoding="utf-8"))["sample"]
        return str(sample["kind"]), "x".join(map(str, sample["shape"]))
    except (OSError, ValueError, KeyError, TypeError):
        return "", ""


def folder_bytes(folder: Path) -> int | None:
    """Bytes of all files below `folder`; None if it is no folder here."""
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
