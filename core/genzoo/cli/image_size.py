"""Which size images are given to a model that takes any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genzoo.cli.printing import output
from genzoo.errors import CapabilityError, SpecError, UsageError

if TYPE_CHECKING:
    from genzoo.interfaces.kind import Kind
    from genzoo.model.model import Model

GREATEST_OWN = 1024
"""Larger images are reduced unless a size is asked for: they take minutes without a GPU."""

size_option = click.option(
    "--size",
    type=click.IntRange(1, 8192),
    metavar="PIXELS",
    help="Side length of the images, for a model that takes any size. Default: that of the "
    f"smallest image, {GREATEST_OWN} at most.",
)

max_pixels_option = click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    metavar="PIXELS",
    help="Images of more pixels are refused. Default: as when the model was trained.",
)


def with_size(model: Model, files: Sequence[str], kind: Kind, size: int | None) -> Model:
    """`model` for square images of `size`, or of the size that `files` have.

    A model of one size alone stays as it is, and so does one whose samples are not images. Folders
    and data sets are made into the model's own size unless one is asked for.

    Raises:
        CapabilityError: A size is asked for, and the model takes only its own.
        SpecError: The model cannot take images of that size.
    """
    from genzoo.model.reshape import reshape

    if kind.name != "image" or not model.architecture.any_shape:
        if size is not None:
            raise CapabilityError(
                f"{model.architecture_name} takes {kind.array} of one size alone.",
                "Leave --size out.",
            )
        return model
    channels = model.sample_spec.shape[0]
    if size is not None:
        return reshape(model, (channels, size, size))
    own = _smallest_side(files)
    if own is None:
        return model
    made = _largest_up_to(min(own, GREATEST_OWN), model)
    side = made.sample_spec.shape[-1]
    if side != own:
        output().note(f"Images are made {side} by {side} pixels; --size says another size.")
    return made


def _largest_up_to(side: int, model: Model) -> Model:
    """For the largest images that the model takes, of at most `side` pixels."""
    from genzoo.model.reshape import reshape

    channels = model.sample_spec.shape[0]
    for candidate in range(side, 0, -1):
        try:
            return reshape(model, (channels, candidate, candidate))
        except SpecError:
            continue
    raise UsageError(f"{model.architecture_name} takes no images of {side} pixels.", "Give --size.")


def _smallest_side(files: Sequence[str]) -> int | None:
    """The shorter side of the smallest image among files; None where there is no such file."""
    from genzoo.media.image_decoding import read_size

    sizes = [read_size(Path(file)) for file in files if Path(file).is_file()]
    return min((min(size) for size in sizes if size is not None), default=None)
