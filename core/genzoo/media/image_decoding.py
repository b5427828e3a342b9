"""One image, of any kind that people have, to uint8 values of one shape.

Pixels are taken as sRGB; colour profiles are ignored.
"""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, UnidentifiedImageError

from genzoo.errors import UsageError
from genzoo.interfaces.decoded import UndecodableError
from genzoo.media.image_options import MAX_PIXELS
from genzoo.media.picture_metadata import orientation_of, pixels_only

FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM"),
    *("JPEG2000", "ICO", "QOI", "AVIF"),
)
"""Formats that are read. Others stay out: EPS, for one, would run an external program."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What is done to an image of each orientation (EXIF 2.32, tag 274) to show it upright."""

XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')

ALPHA_CHANNELS = 4
"""Channels of images that keep what is transparent; nothing else has so many."""

_LIMIT = Lock()

DRAFT = 3
"""A JPEG may be decoded at a fraction of its size, but at least this many times the target's."""


@dataclass(frozen=True)
class DecodeSettings:
    """What an image is made into.

    Attributes:
        size: Side of a square in pixels, or height and width.
        channels: 3 for RGB, 1 for grey, 4 for RGB with alpha.
        background: Colour under transparent pixels, (red, green, blue) in 0..255.
        max_pixels: Images of more are not decoded.
    """

    size: int | tuple[int, int]
    channels: int = 3
    background: tuple[int, int, int] = (255, 255, 255)
    max_pixels: int = MAX_PIXELS

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size


@dataclass(frozen=True)
class Fitted:
    """An image of (height, width, channels) uint8, and what was done to fit it in."""

    pixels: NDArray[np.uint8]
    cropped: bool = False
    enlarged: bool = False


def parse_colour(text: str) -> tuple[int, int, int]:
    """The (red, green, blue) of a colour name, `#rgb` or `#rrggbb`.

    Raises:
        UsageError: `text` is not a colour.
    """
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except (ValueError, AttributeError):
        raise UsageError(
            f"'{text}' is not a colour.", "Give a name such as white, or a code such as #ffcc00."
        ) from None
    return red, green, blue


def decode_file(file: Path | BinaryIO, settings: DecodeSettings) -> Fitted:
    """Read the first frame of an image file.

    What is told about the pixels, such as EXIF and colour profiles, may be damaged: it is then done
    without. How the image is to be turned is honoured where that can be read.

    Raises:
        UndecodableError: It is not an image, is damaged, or has more pixels than are allowed.
    """
    with suppress(Image.DecompressionBombError):
        return _decoded(file, settings)
    try:
        with _pillow_allows(settings.max_pixels):
            return _decoded(file, settings)
    except Image.DecompressionBombError as error:
        raise UndecodableError(_too_many("more", settings.max_pixels)) from error


def read_size(path: Path) -> tuple[int, int] | None:
    """The (width, height) that the header of `path` states, or None if it is not an image."""
    try:
        with suppress(Image.DecompressionBombError), Image.open(path, formats=FORMATS) as image:
            return image.size
        with _pillow_allows(sys.maxsize), Image.open(path, formats=FORMATS) as image:
            return image.size
    except Exception:
        return None


@contextmanager
def _pillow_allows(pixels: int) -> Iterator[None]:
    """Raise Pillow's own limit, which is the process's, for a moment and for a few images only."""
    with _LIMIT:
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = pixels
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _decoded(file: Path | BinaryIO, settings: DecodeSettings) -> Fitted:
    try:
        return _opened(file, settings)
    except (UndecodableError, Image.DecompressionBombError):
        raise
    except Exception as error:
        bare = None if isinstance(error, PermissionError) else pixels_only(_content(file))
        if bare is None:
            raise UndecodableError(_reason(error)) from error
        try:
            return _opened(io.BytesIO(bare[0]), settings, bare[1])
        except (UndecodableError, Image.DecompressionBombError):
            raise
        except Exception:
            raise UndecodableError(_reason(error)) from error


def _opened(file: Path | BinaryIO, settings: DecodeSettings, exif: bytes = b"") -> Fitted:
    with Image.open(file, formats=FORMATS) as image:
        pixels = math.prod(image.size)
        if pixels > settings.max_pixels:
            raise UndecodableError(_too_many(f"{pixels:,}", settings.max_pixels))
        _draft(image, max(settings.sides))
        image.load()
        # Not before: some of what is told about an image follows its pixels.
        turn = TURNS.get(_orientation(image, exif))
        return fit(image if turn is None else image.transpose(turn), settings)


def _content(file: Path | BinaryIO) -> bytes:
    if isinstance(file, Path):
        return file.read_bytes()
    file.seek(0)
    return file.read()


def _orientation(image: Image.Image, exif: bytes) -> int:
    """How a loaded image is to be turned: what EXIF says, else XMP, else not at all."""
    if image.format == "TIFF":
        return 1  # Pillow has turned it while loading
    told = exif or image.info.get("exif") or _raw_profile(image.info)
    found = orientation_of(told) if isinstance(told, bytes) else None
    if found is not None:
        return found
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    match = XMP_ORIENTATION.search(xmp.encode() if isinstance(xmp, str) else xmp)
    return int(match[1]) if match else 1


def _raw_profile(info: dict[str | tuple[int, int], Any]) -> bytes:
    """EXIF as ImageMagick puts it into the text of a PNG."""
    lines = str(info.get("Raw profile type exif", "")).split("\n")[3:]
    try:
        return bytes.fromhex("".join(lines))
    except ValueError:
        return b""


def fit(image: Image.Image, settings: DecodeSettings) -> Fitted:
    """Flatten, crop to the middle of the wanted shape and resize one opened image.

    Raises:
        UndecodableError: Its pixels have no defined range.
    """
    flat = flatten(image, settings)
    height, width = settings.sides
    cropped = flat.width * height != flat.height * width
    scale = min(flat.width / width, flat.height / height)
    if cropped or scale != 1:
        resample = Image.Resampling.LANCZOS if scale > 1 else Image.Resampling.BICUBIC
        # Pillow weighs colours by their alpha here.
        flat = flat.resize((width, height), resample, box=_middle(flat.size, width, height, scale))
    pixels = np.array(flat, np.uint8).reshape(height, width, settings.channels)
    if settings.channels == ALPHA_CHANNELS:
        pixels[pixels[:, :, 3] == 0] = 0
    return Fitted(pixels, cropped, enlarged=scale < 1)


def _middle(
    size: tuple[int, int], width: int, height: int, scale: float
) -> tuple[float, float, float, float]:
    """The largest box of a shape in the middle of an image of `size`, and not outside by rounding.

    Returns:
        Left, top, right and bottom.
    """
    left = max((size[0] - width * scale) / 2, 0.0)
    top = max((size[1] - height * scale) / 2, 0.0)
    return left, top, min(left + width * scale, size[0]), min(top + height * scale, size[1])


def flatten(image: Image.Image, settings: DecodeSettings) -> Image.Image:
    """`image` in 8 bit grey or RGB, transparent pixels over the background; or in RGBA."""
    image = _to_8_bit(image)
    if settings.channels == ALPHA_CHANNELS:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.has_transparency_data:
        image = _over(image.convert("RGBA"), settings.background)
    mode = "L" if settings.channels == 1 else "RGB"
    # Converting copies, even where nothing is to be done: a gigabyte of the largest images.
    return image if image.mode == mode else image.convert(mode)


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
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if isinstance(error, MemoryError):
        return "not enough memory for its pixels"
    return "damaged image"


def _too_many(found: str, most: int) -> str:
    return f"it has {found} pixels: --max-pixels, now {most}, has to be raised"
