"""`genzoo fit-prior`: a better distribution of latents for a model that encodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.computing import default_path, kind_of, require_encoder
from genzoo.cli.hub_progress import at_hand
from genzoo.cli.options import (
    data_argument,
    device_option,
    model_argument,
    out_option,
    output_options,
    seed_option,
)
from genzoo.cli.output import output
from genzoo.cli.plugin_registry import plugin_registry
from genzoo.errors import UsageError, unknown_name
from genzoo.records import PriorSpec

if TYPE_CHECKING:
    from genzoo.artifact.format import ArtifactConfig
    from genzoo.model.model import Model
    from genzoo.registry import Entry, Registry
    from genzoo.specs import Config


@click.command()
@model_argument
@data_argument
@click.option("--prior", required=True, metavar="NAME", help="A registered prior, e.g. mixture.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set an option of the prior, e.g. --set components=16; can be repeated.",
)
@click.option(
    "-n",
    "--count",
    type=click.IntRange(min=1),
    default=20_000,
    show_default=True,
    help="Samples of the data to fit it to, drawn at random.",
)
@seed_option
@out_option("A new folder for the model with the prior. Default: MODEL-NAME.")
@device_option
@output_options
def command(
    model: str,
    data: str,
    prior: str,
    assignments: tuple[str, ...],
    count: int,
    seed: int,
    out: Path | None,
    device: str,
) -> None:
    """Fit a prior to the latents of DATA, and write MODEL with it to a new folder.

    Samples are then drawn with genzoo sample FOLDER --prior NAME.
    """
    registry = plugin_registry()
    folder = at_hand(model, registry)

    from genzoo.artifact.describe import describe

    described = describe(folder, registry).config
    entry = registry[PriorSpec].find(prior, near=described.provider.distribution)
    config = _config(entry, assignments)
    path = out or default_path(model, f"-{entry.record.name}")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"'{path}' is there already.", "Name a new folder with -o.")

    from genzoo.api import load
    from genzoo.training.hardware import choose_device

    loaded = load(folder, device=str(choose_device(device)), registry=registry)
    require_encoder(loaded)
    facts = _fit(loaded, model, data, entry, config, count, seed, registry)
    _save(loaded, described, facts, entry.record.name, path, registry)
    told = facts["priors"][entry.record.name]
    output().result(
        {"model": str(path), "prior": entry.full_name, "config": config.model_dump(), **told},
        str(path),
    )
    output().note(f"Look at it: genzoo sample {path} --prior {entry.record.name}")


def _config(entry: Entry[PriorSpec], assignments: Sequence[str]) -> Config:
    """The prior's configuration with what was set.

    Raises:
        ConfigError, UnknownNameError, UsageError: An option it lacks, or a value out of bounds.
    """
    from genzoo.cli.fields import field_options
    from genzoo.registry import load_target
    from genzoo.specs import parse_config

    kind = load_target(entry.record.config)
    options = {option.flag: option for option in field_options(kind, "prior", set())}
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not (equals and name and text):
            raise UsageError(f"'{assignment}' sets nothing.", "Type --set name=value.")
        flag = name.replace("_", "-")
        if flag not in options:
            raise unknown_name(f"option of the prior {entry.record.name}", flag, options)
        values[options[flag].field] = options[flag].parse(text, click.get_current_context())
    return parse_config(kind, values, f"prior {entry.record.name}")


def _fit(
    loaded: Model,
    model: str,
    data: str,
    entry: Entry[PriorSpec],
    config: Config,
    count: int,
    seed: int,
    registry: Registry,
) -> dict[str, Any]:
    """Add the fitted prior to the model; what it was fitted to, as facts of training."""
    from genzoo.cli.stage_progress import stages
    from genzoo.evaluation.open_data import open_beside
    from genzoo.training.fit_prior import fit_prior, posterior_draws, select, with_fit

    with stages(output()) as stage:
        dataset = open_beside(
            data,
            kind_of(model, registry),
            loaded.sample_spec,
            registry,
            decoding=lambda done, total: stage(f"Reading {data}", done, total),
            note=output().note,
        )
        for note in dataset.notes:
            output().note(note)
        selection = select(dataset, seed, count)
        latents = posterior_draws(
            loaded, dataset, selection, lambda done, total: stage("Latents", done, total)
        )
    loaded.add_priors({entry.record.name: fit_prior(entry, config, loaded, latents, seed)})
    return with_fit({}, entry.record.name, selection, dataset)


def _save(
    loaded: Model,
    described: ArtifactConfig,
    facts: dict[str, Any],
    prior: str,
    path: Path,
    registry: Registry,
) -> None:
    from genzoo.artifact.save import save_model

    objective = described.objective
    earlier = described.training.get("priors")
    fitted = {**(earlier if isinstance(earlier, dict) else {}), **facts["priors"]}
    save_model(
        loaded,
        path,
        registry=registry,
        parts=described.parts,
        kind=described.kind,
        kind_options=described.kind_options,
        objective=None if objective is None else objective.name,
        objective_config=None if objective is None else objective.config,
        training={**described.training, "priors": fitted},
        preview_prior=prior,
        half=described.dtype == "float16",
    )
