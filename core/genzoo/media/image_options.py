"""What images are made into. Imports no torch: the command line reads its options here."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from genzoo.interfaces.name_patterns import LabelPattern
from genzoo.specs import Config

MAX_PIXELS = 2**28
"""Pixels that an image may have unless another limit is asked for."""


LONGEST = 4096
"""Most pixels that a side may have."""

_SIZE = re.compile(r"(\d{1,5})(?:[xX](\d{1,5}))?")


def size_of(height: int, width: int) -> int | str:
    """A size as options have it: `64` for squares, else width by height, as `96x64`."""
    return width if width == height else f"{width}x{height}"


def sides_of(size: int | str) -> tuple[int, int]:
    """Height and width of a size as options have it."""
    width, _, height = str(size).partition("x")
    return int(height or width), int(width)


def _parse_size(value: Any) -> int | str | None:
    if value is None:
        return None
    found = _SIZE.fullmatch(str(value).strip())
    if found is None:
        raise ValueError("give a side as 64, or width by height as 96x64")
    width, height = int(found[1]), int(found[2] or found[1])
    if not (1 <= width <= LONGEST and 1 <= height <= LONGEST):
        raise ValueError(f"sides are of 1 to {LONGEST} pixels")
    return size_of(height, width)


class ImageOptions(Config):
    """What the images of a data set are made into.

    Attributes:
        size: The side of squares, or width by height, such as `96x64`. By default that of the
            images where all are squares of one power of two up to 128, else 64.
        channels: By default 3, or 1 for arrays of grey images. 4 keep what is transparent.
        background: Under transparent pixels: a name or `#rrggbb`. With 4 channels it is what
            pictures are put on where they are measured, or written to a form without alpha.
        max_pixels: Images of more are left out: decoding takes 4 bytes of memory for each pixel,
            and a small file can claim any number. Photographs of 200 megapixels are within it.
        label_from: How the names of files tell the class, such as `{label}_{number}`.
    """

    size: Annotated[
        Annotated[int, Field(ge=1, le=LONGEST)] | str | None, BeforeValidator(_parse_size)
    ] = Field(None, description="Side length in pixels, or width by height as 96x64.")
    channels: Literal[1, 3, 4] | None = Field(
        None, description="1 for grey, 3 for colour, 4 for colour with alpha."
    )
    background: str = Field("white", description="Colour behind transparent images.")
    max_pixels: int = Field(
        MAX_PIXELS, ge=1, description="Images of more pixels than this are left out."
    )
    label_from: LabelPattern | None = Field(
        None, description="How file names tell the class, e.g. '{label}_{number}'."
    )
