"""One image, of any kind that people have, to a square of uint8 values.

Pixels are taken as sRGB; colour profiles are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError

from genzoo.errors import UsageError
from genzoo.interfaces.kind import UndecodableError

FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM"),
    *("JPEG2000", "ICO", "QOI", "AVIF"),
)
"""Formats that are read. Others stay out: EPS, for one, would run an external program."""

DRAFT = 3
"""A JPEG may be decoded at a fraction of its size, but at least this many times the target's."""


@dataclass(frozen=True)
class DecodeSettings:
    """What an image is made into.

    Attributes:
        size: Height and width in pixels.
        channels: 3 for RGB, 1 for grey.
        background: Colour under transparent pixels, (red, green, blue) in 0..255.
    """

    size: int
    channels: int = 3
    background: tuple[int, int, int] = (255, 255, 255)


@dataclass(frozen=True)
class Fitted:
    """An image of (size, size, channels) uint8, and what was done to fit it in."""

    pixels: NDArray[np.uint8]
    cropped: bool = False
    enlarged: bool = False


def parse_colour(text: str) -> tuple[int, int, int]:
    """The (red, green, blue) of a colour name, `#rgb` or `#rrggbb`.

    Raises:
        UsageError: `text` is no colour.
    """
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except (ValueError, AttributeError):
        raise UsageError(
            f"'{text}' is no colour.", "Give a name such as white, or a code such as #ffcc00."
        ) from None
    return red, green, blue


def decode_file(file: Path | BinaryIO, settings: DecodeSettings) -> Fitted:
    """Read the first frame of an image file.

    Raises:
        UndecodableError: It is no image, is damaged, or is too large to be decoded safely.
    """
    try:
        with Image.open(file, formats=FORMATS) as image:
            _draft(image, settings.size)
            return fit(ImageOps.exif_transpose(image), settings)
    except UndecodableError:
        raise
    except Exception as error:
        raise UndecodableError(_reason(error)) from error


def read_size(path: Path) -> tuple[int, int] | None:
    """The (width, height) that the header of `path` states, or None if it is no image."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            return image.size
    except Exception:
        return None


def fit(image: Image.Image, settings: DecodeSettings) -> Fitted:
    """Flatten, crop to the middle square and resize one opened image.

    Raises:
        UndecodableError: Its pixels have no defined range.
    """
    flat = flatten(image, settings)
    side, size = min(flat.size), settings.size
    cropped = flat.width != flat.height
    if cropped or side != size:
        left, top = (flat.width - side) / 2, (flat.height - side) / 2
        resample = Image.Resampling.LANCZOS if side > size else Image.Resampling.BICUBIC
        box = (left, top, left + side, top + side)
        flat = flat.resize((size, size), resample, box=box)
    pixels = np.array(flat, np.uint8).reshape(size, size, settings.channels)
    return Fitted(pixels, cropped, enlarged=side < size)


def flatten(image: Image.Image, settings: DecodeSettings) -> Image.Image:
    """`image` in 8 bit grey or RGB, transparent pixels over the background."""
    image = _to_8_bit(image)
    if image.has_transparency_data:
        image = _over(image.convert("RGBA"), settings.background)
    return image.convert("L" if settings.channels == 1 else "RGB")


def _over(image: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    canvas = Image.new("RGB", image.size, background)
    canvas.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return canvas


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Scale 16 bit grey, and floats in [0, 1], to 8 bit; Pillow itself would clip them."""
    if image.mode == "F":
        values = np.asarray(image)
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise UndecodableError("floating-point pixels outside 0..1")
        return Image.fromarray(np.rint(values * 255).astype(np.uint8))
    if image.mode == "I" or image.mode.startswith("I;16"):
        wide = np.asarray(image).astype(np.int64)
        if wide.min() < 0 or wide.max() > 65535:
            raise UndecodableError("32 bit pixels outside 0..65535")
        return Image.fromarray(((wide * 255 + 32767) // 65535).astype(np.uint8))
    return image


def _draft(image: Image.Image, size: int) -> None:
    shrink = DRAFT * size / max(1, min(image.size))
    if image.format in ("JPEG", "MPO") and shrink < 1:
        image.draft(None, (int(image.width * shrink), int(image.height * shrink)))


def _reason(error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return "too many pixels"
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    return "damaged image"
