"""The peeps: 11,896 portraits of 64x64 pixels, no two alike. data/README.md says whose they are."""

from __future__ import annotations

import io
import json
import lzma
from pathlib import Path

import numpy as np

from genzoo import RawSamples

DATA = Path(__file__).parent / "data"
IMAGES = DATA / "peeps.npy.xz"
ATTRIBUTES = DATA / "peeps-attributes.json.xz"


def load() -> RawSamples:
    """The images, (11896, 64, 64, 3) uint8, without labels."""
    content = lzma.decompress(IMAGES.read_bytes())
    return RawSamples(np.load(io.BytesIO(content), allow_pickle=False))


def attributes() -> dict[str, list[str]]:
    """What each image is drawn from, in the order of the images.

    Returns:
        For `head`, `face`, `skin`, `background`, `facialHair`, `accessories` and `mask` a list of
        11,896 values; an empty one means that the portrait has no such part.
    """
    columns: dict[str, list[str]] = json.loads(lzma.decompress(ATTRIBUTES.read_bytes()))
    return columns
