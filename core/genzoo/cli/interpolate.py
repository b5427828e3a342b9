"""`genzoo interpolate`: a walk through latent space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.loaded_plugins import opened_model
from genzoo.cli.options import HomePath, compute_options, model_argument, out_option, output_options
from genzoo.cli.output_paths import sample_destination
from genzoo.cli.sampling_options import SamplingCommand, given_sampling_options
from genzoo.errors import CapabilityError, UsageError
from genzoo.media.films import ENDINGS, check_film, frames_of, is_film, save_film
from genzoo.media.save_samples import check_path, save_samples
from genzoo.model.labels import class_index

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from genzoo.interfaces.kind import Kind
    from genzoo.model.model import Model

COLUMNS = 16
STEPS = 8
FRAMES = 48
"""Of a film between two latents, which are two seconds."""
FPS = 24.0


@click.command(cls=SamplingCommand)
@model_argument
@click.option(
    "--seed",
    "seeds",
    type=click.IntRange(min=0),
    multiple=True,
    help="Seed of a latent to pass; give it twice or more. Default: 0 and 1.",
)
@click.option(
    "--from",
    "start",
    type=HomePath(),
    metavar="FILE",
    help="Begin at this sample, or text, if MODEL encodes.",
)
@click.option(
    "--to",
    "end",
    type=HomePath(),
    metavar="FILE",
    help="End at this sample, or text, if MODEL encodes.",
)
@click.option("--label", metavar="NAME|INDEX", help="Class of all samples. Default: the first.")
@click.option(
    "--steps",
    type=click.IntRange(min=2),
    help=f"How many samples, both ends included. Default: {STEPS}.",
)
@click.option(
    "--frames",
    type=click.IntRange(min=2),
    help=f"The same of a film, which slows down at each latent. Default: {FRAMES} a stretch.",
)
@click.option(
    "--fps",
    type=click.FloatRange(0, 240, min_open=True),
    help=f"Frames a second of a film. Default: {FPS}.",
)
@click.option("--loop", is_flag=True, help="Walk back from the last latent to the first.")
@out_option(
    "Images: a .png, .jpg or .webp, or a film: .mp4, .gif, .apng, and .webp with --frames; any "
    "kind: an .npz, or a folder. Default: MODEL-interpolated.png; of text, standard output."
)
@compute_options
@output_options
def command(
    model: str,
    seeds: tuple[int, ...],
    start: str | None,
    end: str | None,
    label: str | None,
    steps: int | None,
    frames: int | None,
    fps: float | None,
    loop: bool,
    out: Path | None,
    device: str,
    precision: str,
    batch_size: int,
) -> None:
    """Walk from one latent of MODEL to another, along the great circle between them."""
    from genzoo.app.open_model import computing
    from genzoo.model.latent_paths import latent_walk
    from genzoo.training.hardware import choose_device

    opened, options = opened_model(model), given_sampling_options()
    kind = opened.kind
    destination = sample_destination(out, kind, model, "-interpolated", (start, end))
    filmed = _is_film(destination.named, kind, steps, frames, fps)
    check_film(kind) if filmed else check_path(kind, destination.named)
    destination.check()
    drawn = _seeds(seeds, [start, end].count(None))
    count = _count(len(drawn) + 2 - [start, end].count(None), loop, steps, frames, filmed)
    loaded = opened.load(choose_device(device))
    classes = _labels(loaded, label)
    with computing(loaded, precision), destination.open() as place:
        ends = [
            *([_encoded(loaded, kind, start, classes)] if start else []),
            *(_drawn(loaded, seed) for seed in drawn),
            *([_encoded(loaded, kind, end, classes)] if end else []),
        ]
        walk = latent_walk(ends, count, loop=loop, eased=filmed)
        if filmed:
            film = _frames(loaded, kind, walk, classes, batch_size, options)
            save_film(film, place, fps or FPS)
        else:
            labels = classes and classes * count
            samples = loaded.decode(walk, labels, batch_size=batch_size, **options)
            save_samples(samples, kind, loaded.sample_spec, place, min(count, COLUMNS))
    destination.tell({"model": model, "frames" if filmed else "steps": count})


def _is_film(
    path: Path, kind: Kind, steps: int | None, frames: int | None, fps: float | None
) -> bool:
    """Whether to make a film of the walk: its file's ending or the options say so."""
    asked = frames is not None or fps is not None
    if asked and path.suffix.lower() not in ENDINGS:
        raise UsageError(
            "--frames and --fps are for films.", f"Name one with -o: {', '.join(ENDINGS)}."
        )
    film = asked or is_film(path, kind)
    if film and steps is not None:
        raise UsageError("A film has frames, not steps.", "Type --frames instead of --steps.")
    return film


def _seeds(seeds: tuple[int, ...], ends: int) -> tuple[int, ...]:
    """Seeds of the latents to pass, where `ends` of the two ends are no files."""
    if not seeds:
        return tuple(range(ends))
    if len(seeds) < ends:
        raise UsageError(
            f"{len(seeds)} seeds and {2 - ends} files do not make two ends.",
            "Give --seed twice, --from and --to, or one of each.",
        )
    return seeds


def _count(ends: int, loop: bool, steps: int | None, frames: int | None, filmed: bool) -> int:
    if not filmed:
        return STEPS if steps is None else steps
    return FRAMES * (ends - 1 + loop) if frames is None else frames


def _frames(
    model: Model,
    kind: Kind,
    walk: Tensor,
    classes: list[int] | None,
    batch_size: int,
    options: Mapping[str, Any],
) -> Iterator[NDArray[np.uint8]]:
    """What a walk shows, decoded batch after batch."""
    for points in walk.split(batch_size):
        labels = classes and classes * len(points)
        samples = model.decode(points, labels, batch_size=batch_size, **options)
        yield from frames_of(samples, kind, model.sample_spec)


def _labels(model: Model, label: str | None) -> list[int] | None:
    classes = model.sample_spec.classes
    if not classes:
        if label is not None:
            raise CapabilityError("The model was trained without classes.", "Leave --label out.")
        return None
    return [0 if label is None else class_index(label, classes)]


def _drawn(model: Model, seed: int) -> Tensor:
    return model.draw_latents(1, seed=seed)[0]


def _encoded(model: Model, kind: Kind, file: str, classes: list[int] | None) -> Tensor:
    from genzoo.data.read_files import read_files

    return model.encode(read_files([file], kind, model.sample_spec)[:1], classes)[0]
