"""What images are made into. Imports no torch: the command line reads its options here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from genzoo.interfaces.name_patterns import LabelPattern
from genzoo.specs import Config

MAX_PIXELS = 2**28
"""Pixels that an image may have unless another limit is asked for."""


class ImageOptions(Config):
    """What the images of a data set are made into.

    Attributes:
        size: Height and width. By default that of the images where all are squares of one power of
            two up to 128, else 64.
        channels: By default 3, or 1 for arrays of grey images.
        background: Under transparent pixels: a name or `#rrggbb`.
        max_pixels: Images of more are left out: decoding takes 4 bytes of memory for each pixel,
            and a small file can claim any number. Photographs of 200 megapixels are within it.
        label_from: How the names of files tell the class, such as `{label}_{number}`.
    """

    size: int | None = Field(None, ge=1, le=4096, description="Side length in pixels.")
    channels: Literal[1, 3] | None = Field(None, description="1 for grey, 3 for colour.")
    background: str = Field("white", description="Colour behind transparent images.")
    max_pixels: int = Field(
        MAX_PIXELS, ge=1, description="Images of more pixels than this are left out."
    )
    label_from: LabelPattern | None = Field(
        None, description="How file names tell the class, e.g. '{label}_{number}'."
    )
