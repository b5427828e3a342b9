"""What images are made into. Imports no torch: the command line reads its options here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from genzoo.specs import Config


class ImageOptions(Config):
    """What the images of a data set are made into.

    Attributes:
        size: Height and width. By default that of the images where all are squares of one power of
            two up to 128, else 64.
        channels: By default 3, or 1 for arrays of grey images.
        background: Under transparent pixels: a name or `#rrggbb`.
    """

    size: int | None = Field(None, ge=1, le=4096, description="Side length in pixels.")
    channels: Literal[1, 3] | None = Field(None, description="1 for grey, 3 for colour.")
    background: str = Field("white", description="Colour behind transparent images.")
