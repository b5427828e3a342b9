"""Images as arrays: from samples, into grids and into the bytes of files."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genzoo.errors import SpecError
from genzoo.specs import SampleSpec

if TYPE_CHECKING:
    from torch import Tensor

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

WITH_ALPHA = {"PNG", "WEBP"}
"""Formats that keep what is transparent."""

OPTIONS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 95},
    "WEBP": {"lossless": True},
}


def to_uint8(x: Tensor, spec: SampleSpec) -> NDArray[np.uint8]:
    """Samples (N, C, H, W) in the range of `spec` as (N, H, W, C) uint8, rounded and clamped.

    Raises:
        SpecError: `x` does not have the shape of `spec`.
    """
    import torch

    if tuple(x.shape[1:]) != spec.shape:
        raise SpecError(f"Samples of shape {tuple(x.shape[1:])} are not {spec.shape}.")
    unit = (x.detach().float() - spec.low) / (spec.high - spec.low)
    scaled = torch.nan_to_num(unit * 255).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(0, 2, 3, 1).cpu().numpy())


def grid(
    images: NDArray[np.uint8], columns: int | None = None, padding: int = 2
) -> NDArray[np.uint8]:
    """Images (N, H, W, C) side by side on white, row by row; a single image stays as it is.

    Those with alpha stand on a ground that is transparent too.

    Args:
        images: At least one.
        columns: Images in a row. Default: as nearly square as can be.
        padding: Pixels around each image.
    """
    count, height, width, channels = images.shape
    if count == 1:
        return images[0]
    columns = min(count, columns or math.ceil(math.sqrt(count)))
    rows = math.ceil(count / columns)
    down, across = height + padding, width + padding
    shape = (rows * down + padding, columns * across + padding, channels)
    sheet = np.full(shape, 0 if channels == 4 else 255, np.uint8)
    for number, image in enumerate(images):
        top = padding + number // columns * down
        left = padding + number % columns * across
        sheet[top : top + height, left : left + width] = image
    return sheet


def encode_picture(image: NDArray[np.uint8], suffix: str) -> bytes:
    """One image (H, W, C) in the format that the ending `suffix` says, one of `FORMATS`."""
    kind = FORMATS[suffix]
    picture = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    buffer = io.BytesIO()
    picture.save(buffer, kind, **OPTIONS[kind])
    return buffer.getvalue()
