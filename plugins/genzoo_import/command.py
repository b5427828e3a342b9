"""`genzoo import`: a model of weights that another program saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo import (
    HomePath,
    UsageError,
    complete_architecture,
    field_options,
    out_option,
    output,
    output_options,
    plugin_registry,
    refuse_loss,
    unknown_name,
)

if TYPE_CHECKING:
    from genzoo import Blueprint
    from genzoo_import.convert import Found

COLUMNS = {"model": "model", "file": "file", "shape": "shape"}
ABSENT = "-"


@click.command()
@click.argument("file", type=HomePath(path_type=Path), metavar="FILE")
@click.option(
    "--architecture",
    shell_complete=complete_architecture,
    help="What the weights are of. Needed where the file does not say it.",
)
@out_option("Folder of the model. Default: the file's name without its ending.")
@click.option("--kind", help="What it models, for an architecture of several kinds.")
@click.option("--size", metavar="INTEGER", help="Images: side length in pixels.")
@click.option("--channels", metavar="INTEGER", help="Images: 1 for grey, 3 for colour.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set an option of the architecture or the kind that the weights do not tell.",
)
@click.option("--classes", default="", metavar="A,B", help="Class names in label order.")
@click.option(
    "--part",
    "parts",
    multiple=True,
    metavar="NAME",
    help="Part that the weights are of; can be repeated. Default: those that sampling needs.",
)
@click.option(
    "--prefix",
    default="",
    metavar="TEXT",
    help="What the names of the wanted tensors begin with, as in a checkpoint of several networks.",
)
@click.option(
    "--rename",
    "renames",
    multiple=True,
    metavar="OLD=NEW",
    help="Name in the file and in the model, of a tensor or a layer; can be repeated.",
)
@click.option("--ignore-unused", is_flag=True, help="Leave out tensors that the model lacks.")
@click.option("--licence", default="", metavar="SPDX", help="Licence of the weights.")
@click.option("--dry-run", is_flag=True, help="Show which tensor becomes which, and stop.")
@output_options
def command(
    file: Path,
    architecture: str | None,
    out: Path | None,
    kind: str | None,
    size: str | None,
    channels: str | None,
    assignments: tuple[str, ...],
    classes: str,
    parts: tuple[str, ...],
    prefix: str,
    renames: tuple[str, ...],
    ignore_unused: bool,
    licence: str,
    dry_run: bool,
) -> None:
    """Make a model of FILE: a checkpoint or a state dict in a .pkl, .pth, .pt, .bin or .ckpt file,
    or a .safetensors file.

    Nothing in a file is executed. Checkpoints that a plugin knows, such as StyleGAN's, say
    themselves what they are of. With --architecture, tensors are matched by name, else by the
    shapes and the order of the layers; the width, the size and the like are inferred from them
    where the architecture can. All must fit.
    """
    folder = out or Path(file.stem)
    if not dry_run:
        refuse_loss(folder, (file, file.parent))
    names = tuple(name.strip() for name in classes.split(",") if name.strip())
    if architecture is None:
        _import_checkpoint(file, folder, names, licence, dry_run)
        return

    from genzoo import Blueprint

    blueprint = Blueprint.of(architecture, kind, registry=plugin_registry())
    given = [f"{name}={text}" for name, text in (("size", size), ("channels", channels)) if text]
    values = _parse(blueprint, [*given, *assignments])
    blueprint = replace(
        blueprint,
        parts=parts or blueprint.parts,
        config=values["architecture"],
        options=values["data"],
        classes=names,
    )

    from genzoo_import.convert import check, find_weights, write_model

    pairs = dict(_pair(text, "--rename OLD=NEW") for text in renames)
    found = find_weights(file, blueprint, prefix=prefix, renames=pairs, ignore_unused=ignore_unused)
    if dry_run:
        output().table(COLUMNS, _rows(found))
        check(found, ignore_unused)
        return
    write_model(found, folder, licence=licence, ignore_unused=ignore_unused)
    _tell(found, folder)


def _import_checkpoint(
    file: Path, folder: Path, classes: tuple[str, ...], licence: str, dry_run: bool
) -> None:
    """A model of a checkpoint that says itself what it is of."""
    from genzoo_import.checkpoints import find_checkpoint, write_checkpoint

    found, out = find_checkpoint(file, classes), output()
    if dry_run:
        weights = found.foreign.weights
        rows = [{"model": name, "shape": list(weights[name].shape)} for name in weights]
        out.table({"model": "model", "shape": "shape"}, rows)
        return
    write_checkpoint(found, folder, licence=licence)
    told = {**found.foreign.config, **found.blueprint.options}
    out.note(f"It is of {found.blueprint.entry.full_name}, with {_listed(told)}.")
    for title, text in found.foreign.notes.items():
        out.note(f"{title.replace('_', ' ').capitalize()}: {text}.")
    data = {
        "model": str(folder),
        "file": str(file),
        "sha256": found.sha256,
        "architecture": found.blueprint.entry.full_name,
        "config": dict(found.foreign.config),
        "options": dict(found.blueprint.options),
        "classes": list(found.blueprint.classes),
    }
    out.result(data, str(folder))
    out.note(f"Look at it: genzoo sample {folder}")


def _listed(told: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in told.items())


def _parse(blueprint: Blueprint, assignments: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Values by section, `architecture` or `data`, and field."""
    taken: set[str] = set()
    options = {
        option.flag: option
        for fields, section in (
            (blueprint.config_class, "architecture"),
            (blueprint.options_class, "data"),
        )
        for option in field_options(fields, section, taken)
    }
    values: dict[str, dict[str, Any]] = {"architecture": {}, "data": {}}
    for assignment in assignments:
        name, text = _pair(assignment, "--set name=value")
        flag = name.replace("_", "-")
        if flag not in options:
            raise unknown_name("option", flag, options)
        option = options[flag]
        value = option.parse(text, click.get_current_context())
        values[option.section][option.field] = value
    return values


def _pair(text: str, usage: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and name.strip() and value.strip()):
        raise UsageError(f"'{text}' sets nothing.", f"Type {usage}.")
    return name.strip(), value.strip()


def _rows(found: Found) -> list[dict[str, Any]]:
    """Every tensor of the model and of the file, with its counterpart."""
    match, shapes = found.candidate.match, found.candidate.target.shapes
    rows = [
        {"model": name, "file": match.pairs.get(name, ABSENT), "shape": list(shape)}
        for name, shape in shapes.items()
    ]
    return rows + [
        {"model": ABSENT, "file": name, "shape": list(found.source.tensors[name].shape)}
        for name in (*match.unused, *found.left_out)
    ]


def _tell(found: Found, folder: Path) -> None:
    out, match = output(), found.candidate.match
    told = {**found.config, **found.options}
    if told:
        out.note(f"With {_listed(told)}.")
    if match.counters:
        out.note(f"Set to 0, as the file lacks them: {len(match.counters)} counters of batches.")
    for what, names in (("Not used", match.unused), ("Outside the network", found.left_out)):
        if names:
            out.note(f"{what}: {len(names)} tensors, such as {names[0]}.")
    data = {
        "model": str(folder),
        "file": str(found.source.path),
        "sha256": found.source.sha256,
        "prefix": found.candidate.prefix,
        "config": dict(found.config),
        "options": dict(found.options),
        "tensors": match.pairs,
        "zeroed": match.counters,
        "unused": [*match.unused, *found.left_out],
    }
    out.result(data, str(folder))
    out.note(f"Look at it: genzoo sample {folder}")
