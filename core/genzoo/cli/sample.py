"""`genzoo sample`: new samples from a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from genzoo.cli.loaded_plugins import opened_model
from genzoo.cli.options import (
    compute_options,
    count_option,
    label_option,
    model_argument,
    out_option,
    output_options,
    seed_option,
)
from genzoo.cli.output_paths import sample_destination
from genzoo.cli.printing import output
from genzoo.cli.sampling_options import SamplingCommand, given_sampling_options
from genzoo.cli.torchrun import torchrun_processes
from genzoo.media.save_samples import check_path
from genzoo.records import ArchitectureSpec

if TYPE_CHECKING:
    from torch import Tensor


@click.command(cls=SamplingCommand)
@model_argument
@count_option(64, "How many samples.")
@seed_option
@out_option(
    "Images: a .png, .jpg or .webp (one grid); any kind: an .npz, or a folder. - is standard "
    "output, -.npz the same in that form. Default: MODEL-seed0.png; of text, standard output."
)
@label_option
@click.option(
    "--truncation",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    default=1.0,
    show_default=True,
    help="Shrinks latents towards the prior's centre: below 1 less variety, more typical samples.",
)
@click.option(
    "--truncated-layers",
    type=click.IntRange(min=0),
    help="Of a generator with styles: how many layers are truncated, from the first. Default: all.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(min=0.0),
    default=1.0,
    show_default=True,
    help="Where samples are draws, as with text: below 1 less free ones, 0 the most likely.",
)
@click.option("--prior", help="Draw latents from this prior of the model (see genzoo info MODEL).")
@compute_options
@output_options
def command(
    model: str,
    count: int,
    seed: int,
    out: Path | None,
    labels: tuple[str, ...],
    truncation: float,
    truncated_layers: int | None,
    temperature: float,
    prior: str | None,
    device: str,
    precision: str,
    batch_size: int,
) -> None:
    """Draw samples from MODEL: a name of the zoo or of the Hub, a folder, or a run.

    Started by torchrun, the processes share the work, and write what one alone would.
    """
    opened, options = opened_model(model), given_sampling_options()
    kind = opened.kind
    destination = sample_destination(out, kind, model, f"-seed{seed}")
    check_path(kind, destination.named)

    from genzoo.app.open_model import computing
    from genzoo.media.save_in_batches import save_drawn
    from genzoo.model.decoding import check_temperature
    from genzoo.model.labels import class_indices
    from genzoo.training.hardware import choose_device

    with torchrun_processes() as processes:
        if processes.is_main:
            destination.check()
        processes.barrier()
        loaded = opened.load(choose_device(processes.device(device)))
        entry = opened.registry[ArchitectureSpec][loaded.architecture_name]
        note = entry.record.sampling_note
        if note and prior is None:
            output().note(note)
        check_temperature(temperature, loaded.architecture, model)
        spec = loaded.sample_spec
        known = loaded.classes_to_draw(prior)
        classes = class_indices(labels, spec.model_copy(update={"classes": known}), count)

        def draw(numbers: range) -> Tensor:
            with computing(loaded, precision):
                return loaded.sample(
                    len(numbers),
                    seed=seed,
                    labels=classes and classes[numbers.start : numbers.stop],
                    truncation=truncation,
                    truncated_layers=truncated_layers,
                    temperature=temperature,
                    prior=prior,
                    batch_size=batch_size,
                    start=numbers.start,
                    **options,
                )

        with destination.open() as place:
            save_drawn(draw, count, kind, spec, place, batch_size, processes)
    if processes.is_main:
        destination.tell({"model": model, "count": count, "seed": seed, "shape": spec.shape})
