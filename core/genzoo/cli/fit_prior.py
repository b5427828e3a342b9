"""`genzoo fit-prior`: a better distribution of latents for a model that encodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.exit_codes import INTERRUPTED
from genzoo.cli.loaded_plugins import opened_model
from genzoo.cli.options import (
    data_argument,
    device_option,
    model_argument,
    out_option,
    output_options,
    seed_option,
)
from genzoo.cli.output_paths import default_path
from genzoo.cli.printing import output
from genzoo.errors import UsageError, unknown_name
from genzoo.records import PriorSpec
from genzoo.system.atomic_files import remove_folder

if TYPE_CHECKING:
    from genzoo.app.open_model import OpenModel
    from genzoo.data.dataset import Dataset
    from genzoo.interfaces.prior import FittedPrior
    from genzoo.model.model import Model
    from genzoo.progress import Progress
    from genzoo.registry import Entry
    from genzoo.specs import Config
    from genzoo.training.fit_prior import Selection


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
@click.option(
    "--conditional",
    is_flag=True,
    help="Learn the classes of DATA too, by a prior of codes: samples have a --label then.",
)
@seed_option
@out_option("A new folder for the model with the prior. Default: MODEL-NAME.")
@device_option
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    model: str,
    data: str,
    prior: str,
    assignments: tuple[str, ...],
    count: int,
    conditional: bool,
    seed: int,
    out: Path | None,
    device: str,
) -> None:
    """Fit a prior to the latents of DATA, and write MODEL with it to a new folder.

    Samples are then drawn with genzoo sample FOLDER --prior NAME.

    A prior that takes many steps, such as transformer, keeps what it has learnt in FOLDER.fitting.
    Ctrl-C stops after the step; the same command goes on.
    """
    opened = opened_model(model)
    registry, described = opened.registry, opened.config
    entry = registry[PriorSpec].find(prior, near=described.provider.distribution)
    config = _config(entry, assignments)
    path = out or default_path(model, f"-{entry.record.name}")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"'{path}' is there already.", "Name a new folder with -o.")

    from genzoo.app.publish import save_model
    from genzoo.model.encoding import require_encoder
    from genzoo.training.hardware import choose_device

    loaded = opened.load(choose_device(device))
    require_encoder(loaded.parts.values(), loaded.architecture_name)
    place = path.with_name(f"{path.name}.fitting")
    facts = _fit(loaded, opened, data, entry, config, count, conditional, seed, place)
    if facts is None:
        output().note(f"Stopped; what it learnt is in '{place}'. Type the same again to go on.")
        ctx.exit(INTERRUPTED)
    earlier = described.training.get("priors")
    fitted = {**(earlier if isinstance(earlier, dict) else {}), **facts["priors"]}
    save_model(
        loaded,
        path,
        like=opened,
        training={"priors": fitted},
        preview_prior=entry.record.name,
        half=described.dtype == "float16",
        registry=registry,
    )
    if place.is_dir():
        remove_folder(place)
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
    opened: OpenModel,
    data: str,
    entry: Entry[PriorSpec],
    config: Config,
    count: int,
    conditional: bool,
    seed: int,
    place: Path,
) -> dict[str, Any] | None:
    """Add the fitted prior to the model; what it was fitted to, as facts of training.

    Returns:
        None where it was stopped.
    """
    from genzoo.cli.progress_bars import stages
    from genzoo.quantisers.code_prior import CodePrior
    from genzoo.registry import load_target
    from genzoo.training.fit_prior import (
        fit_prior,
        posterior_draws,
        select,
        selected_labels,
        with_fit,
    )

    learns = issubclass(load_target(entry.record.target), CodePrior)
    if conditional and not learns:
        raise UsageError(
            f"The prior {entry.record.name} has no classes.", "Leave --conditional out."
        )
    with stages() as stage:
        dataset = _opened(data, opened, loaded, conditional, stage)
        for note in dataset.notes:
            output().note(note)
        selection = select(dataset, seed, count)
        if learns:
            prior = _learn(loaded, dataset, selection, entry, config, seed, place, stage)
            if prior is None:
                return None
        else:
            latents = posterior_draws(loaded, dataset, selection, stage)
            labels = selected_labels(dataset, selection)
            prior = fit_prior(entry, config, loaded, latents, seed, labels)
    loaded.add_priors({entry.record.name: prior})
    return with_fit({}, entry.record.name, selection, dataset)


def _opened(
    data: str, opened: OpenModel, loaded: Model, conditional: bool, stage: Progress
) -> Dataset:
    """The data as the model's samples are, with classes of their own where a prior learns them.

    Raises:
        UsageError: The data have no labels, or the model has classes itself.
    """
    from genzoo.data.open_dataset import open_dataset
    from genzoo.evaluation.open_data import open_beside

    kind, spec, note = opened.kind, loaded.sample_spec, output().note
    if not conditional:
        return open_beside(data, kind, spec, opened.registry, progress=stage, note=note)
    if spec.conditional:
        raise UsageError("The model has classes itself.", "Leave --conditional out.")
    fitted = type(kind)(kind.options_for_spec(spec))
    return open_dataset(
        data, fitted, conditional=True, registry=opened.registry, progress=stage, note=note
    )


def _learn(
    loaded: Model,
    dataset: Dataset,
    selection: Selection,
    entry: Entry[PriorSpec],
    config: Config,
    seed: int,
    place: Path,
    stage: Progress,
) -> FittedPrior | None:
    """A prior of codes, learnt step by step; None where it was stopped."""
    from genzoo.training.fit_code_prior import CodePriorFit, codes_of_data
    from genzoo.training.interrupts import Interrupts

    codes, labels = codes_of_data(loaded, dataset, selection, stage)
    if labels is not None:
        config = config.model_copy(update={"classes": dataset.spec.classes})
    fit = CodePriorFit(entry, config, loaded, codes, seed, place, labels)
    with Interrupts() as interrupts:
        return fit.prior if fit.run(interrupts.agreed, stage) else None
