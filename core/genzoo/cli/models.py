"""`genzoo models`: those of the zoo, those that were pulled, and those on the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.completion import complete_cached
from genzoo.cli.loaded_plugins import plugin_registry
from genzoo.cli.options import output_options
from genzoo.cli.printing import output
from genzoo.cli.sizes import folder_bytes, readable_size
from genzoo.errors import UsageError
from genzoo.hub.cache import CachedModel, find_cached, list_cached
from genzoo.hub.reference import HubReference, as_reference
from genzoo.records import ModelSpec

if TYPE_CHECKING:
    from genzoo.registry import Entry

COLUMNS = {
    "name": "name",
    "architecture": "architecture",
    "shape": "shape",
    "size": "size",
    "revision": "revision",
    "licence": "licence",
    "summary": "summary",
}
HUB_COLUMNS = {
    "name": "name",
    "licence": "licence",
    "downloads": "downloads",
    "changed": "changed",
    "tags": "tags",
}
_SHORT_COMMIT = 8
_MOST_BYTES = 32 << 20


@click.group(invoke_without_command=True)
@click.option("--hub", is_flag=True, help="List models of genzoo on the Hugging Face Hub instead.")
@click.option("--search", default="", metavar="TEXT", help="With --hub: what the name contains.")
@output_options
@click.pass_context
def command(ctx: click.Context, hub: bool, search: str) -> None:
    """List the pretrained models that are at hand: those of the zoo and those that were pulled."""
    if ctx.invoked_subcommand is not None:
        return
    if search and not hub:
        raise UsageError("--search is for models of the Hub.", "Add --hub.")
    if hub:
        _list_hub(search)
    else:
        _list_here()


@command.command("rm")
@click.argument("model", metavar="MODEL", shell_complete=complete_cached)
@click.option("--all", "every", is_flag=True, help="All its revisions.")
@output_options
def remove(model: str, every: bool) -> None:
    """Remove a pulled MODEL, OWNER/NAME[@REVISION], from this machine."""
    from genzoo.app.publish import hub_reference
    from genzoo.hub.cache import remove_cached

    reference = hub_reference(model, plugin_registry())
    removed = [str(folder) for folder in remove_cached(reference, every=every)]
    output().result({"model": model, "removed": removed}, "\n".join(removed))


def _list_here() -> None:
    catalogue = plugin_registry()[ModelSpec]
    rows = [_zoo_row(name, catalogue.find(name)) for name in catalogue.names()]
    known = {row["location"] for row in rows}
    rows += [_cached_row(model) for model in list_cached() if model.name not in known]
    output().table(COLUMNS, rows)
    if rows:
        output().note(f"Try one: genzoo sample {rows[0]['name']} -n 64")
    else:
        output().note("None is registered.")


def _list_hub(text: str) -> None:
    from genzoo.hub.repository_info import search

    rows = [
        {
            "name": hit.repository,
            "licence": hit.licence,
            "downloads": hit.downloads,
            "changed": hit.changed,
            "tags": hit.tags,
        }
        for hit in search(text)
    ]
    output().table(HUB_COLUMNS, rows)
    if rows:
        output().note(f"More on one: genzoo info {rows[0]['name']}")
    else:
        output().note("None was found.")


def _zoo_row(name: str, entry: Entry[ModelSpec]) -> dict[str, Any]:
    record = entry.record
    reference = as_reference(record.location)
    folder = find_cached(reference) if reference else Path(record.location)
    row = _row(name, folder)
    return {
        **row,
        "full_name": entry.full_name,
        "architecture": record.architecture,
        "revision": _revision(reference, folder) if reference else "",
        "licence": record.licence,
        "tags": record.tags,
        "location": record.location,
        "summary": record.summary,
    }


def _revision(reference: HubReference, folder: Path | None) -> str:
    """The commit that is here, or else the revision that would be pulled."""
    return folder.name[:_SHORT_COMMIT] if folder else reference.revision


def _cached_row(model: CachedModel) -> dict[str, Any]:
    row = _row(model.name, model.folder)
    return {
        **row,
        "full_name": model.name,
        "revision": model.commit[:_SHORT_COMMIT],
        "licence": _licence(model.folder),
        "tags": (),
        "location": str(model.folder),
        "commit": model.commit,
        "summary": "from the Hub",
    }


def _row(name: str, folder: Path | None) -> dict[str, Any]:
    """What the folder itself tells; empty for what is elsewhere."""
    architecture, kind, shape = _contract(folder) if folder else ("", "", "")
    count = folder_bytes(folder) if folder else None
    return {
        "name": name,
        "full_name": name,
        "architecture": architecture,
        "kind": kind,
        "shape": shape,
        "size": readable_size(count),
        "bytes": count,
    }


def _contract(folder: Path) -> tuple[str, str, str]:
    """Architecture, kind and shape, such as `3x64x64`; empty for what is elsewhere or damaged."""
    from genzoo.system.strict_json import parse_json

    # pydantic, which checks the file in full, takes longer to import than the list may take.
    try:
        with (folder / "config.json").open("rb") as file:
            config = parse_json(file.read(_MOST_BYTES))
        sample = config["sample"]
        architecture = str(config["architecture"]).rpartition("/")[2]
        return architecture, str(sample["kind"]), "x".join(map(str, sample["shape"]))
    except (OSError, ValueError, KeyError, TypeError):
        return "", "", ""


def _licence(folder: Path) -> str:
    """What the head of the card says."""
    try:
        with (folder / "README.md").open(encoding="utf-8") as card:
            head = card.read(4096)
    except (OSError, UnicodeDecodeError):
        return ""
    lines = (line.partition(":") for line in head.splitlines())
    return next((value.strip().strip("\"'") for key, _, value in lines if key == "license"), "")
