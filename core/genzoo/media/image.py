"""Images out to files and in from them."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genzoo.data.decode import (
    DecodeSettings,
    UndecodableError,
    decode_file,
    parse_colour,
    quiet_decoding,
)
from genzoo.data.folder import scan_folder
from genzoo.errors import DataError, SpecError, UsageError
from genzoo.files import atomic_write
from genzoo.specs import SampleSpec

if TYPE_CHECKING:
    from torch import Tensor

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

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
    sheet = np.full(shape, 255, np.uint8)
    for number, image in enumerate(images):
        top = padding + number // columns * down
        left = padding + number % columns * across
        sheet[top : top + height, left : left + width] = image
    return sheet


def save_images(
    x: Tensor, spec: SampleSpec, path: str | Path, *, columns: int | None = None
) -> Path:
    """Write samples (N, C, H, W) to `path` and return it.

    A `.png`, `.jpg` or `.webp` becomes one grid; a folder, there or new, gets `00000.png` and so
    on; an `.npz` gets the array `images`, (N, H, W, C) uint8.

    Raises:
        SpecError: `x` does not have the shape of `spec`.
        StorageError: The file cannot be written.
        UsageError: There is no sample, or the file's ending is not known.
    """
    path = Path(path)
    check_path(path)
    images = to_uint8(x, spec)
    if not len(images):
        raise UsageError("There is no image to save.")
    _save(images, path, columns)
    return path


def check_path(path: Path) -> None:
    """Raise UsageError if `save_images` would not know what to write to `path`."""
    if not _is_folder(path) and path.suffix.lower() not in (*FORMATS, ".npz"):
        known = ", ".join((*FORMATS, ".npz"))
        raise UsageError(
            f"Images cannot be saved as '{path.suffix}'.", f"Known: {known}, or a folder."
        )


def read_images(
    paths: Iterable[str | Path], spec: SampleSpec, *, background: str = "white"
) -> Tensor:
    """Read image files, and all those in folders, as samples (N, C, H, W) of `spec`.

    Raises:
        DataError: A file is no image, or there is none.
        SpecError: `spec` is not that of square images.
        UsageError: `background` is no colour.
    """
    import torch

    from genzoo.data.batches import scale

    if spec.kind != "image" or len(spec.shape) != 3 or spec.shape[1] != spec.shape[2]:
        raise SpecError(f"Images cannot be read as samples of shape {spec.shape}.")
    settings = DecodeSettings(spec.shape[1], spec.shape[0], parse_colour(background))
    with quiet_decoding():
        rows = [_read(file, settings) for file in _files(paths)]
    if not rows:
        raise DataError("There is no image to read.", "Name at least one image file.")
    pixels = torch.from_numpy(np.stack(rows))
    return scale(pixels, spec.low, spec.high).permute(0, 3, 1, 2)


def _is_folder(path: Path) -> bool:
    return path.is_dir() or not path.suffix


def _save(images: NDArray[np.uint8], path: Path, columns: int | None) -> None:
    if _is_folder(path):
        for number, image in enumerate(images):
            _write(path / f"{number:05d}.png", _encoded(image, ".png"))
    elif path.suffix.lower() == ".npz":
        buffer = io.BytesIO()
        np.savez_compressed(buffer, images=images)
        _write(path, buffer.getvalue())
    else:
        _write(path, _encoded(grid(images, columns), path.suffix.lower()))


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def _encoded(image: NDArray[np.uint8], suffix: str) -> bytes:
    kind = FORMATS[suffix]
    picture = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    buffer = io.BytesIO()
    picture.save(buffer, kind, **OPTIONS[kind])
    return buffer.getvalue()


def _files(paths: Iterable[str | Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from (path / file.path for file in scan_folder(path).files)
        else:
            yield path


def _read(path: Path, settings: DecodeSettings) -> NDArray[np.uint8]:
    if not path.exists():
        raise DataError(f"There is no file '{path}'.", "Check the path.")
    try:
        return decode_file(path, settings).pixels
    except UndecodableError as error:
        raise DataError(f"'{path}' cannot be read as an image: {error}.") from error
