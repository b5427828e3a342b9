"""Images as a kind of content."""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genzoo.errors import CapabilityError, DataError, SpecError
from genzoo.interfaces.decoded import Decoded, Layout
from genzoo.interfaces.kind import Kind
from genzoo.media.alpha import on_background, premultiplied, straight
from genzoo.media.image_decoding import (
    DecodeSettings,
    Fitted,
    decode_file,
    fit,
    parse_colour,
    read_size,
)
from genzoo.media.image_grids import FORMATS, WITH_ALPHA, encode_picture, grid, to_uint8
from genzoo.media.image_options import ImageOptions, sides_of, size_of
from genzoo.media.save_samples import save_samples
from genzoo.specs import SampleSpec

if TYPE_CHECKING:
    from torch import Tensor

TYPES = mimetypes.MimeTypes()

DEFAULT_SIZE = 64
LARGEST_DEFAULT = 128
"""Larger images are reduced unless a size is asked for: networks for them train for days."""


class ImageKind(Kind):
    """Images: rows (height, width, channels) uint8, samples (channels, height, width).

    The colours of four channels are multiplied by their alpha in samples, and not in rows: what is
    transparent has no colour that could be learnt, and a mean of samples is the mean of what is
    seen (Porter and Duff 1984).

    Raises:
        UsageError: The background is not a colour.
    """

    name: ClassVar[str] = "image"
    noun: ClassVar[str] = "image"
    array: ClassVar[str] = "images"
    one_per_file: ClassVar[bool] = True
    endings: ClassVar[tuple[str, ...]] = tuple(FORMATS)
    reads: ClassVar[tuple[str, ...]] = (
        *(".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
        *(".ppm", ".pgm", ".jp2", ".ico", ".qoi", ".avif"),
    )

    config: ImageOptions

    def __init__(self, config: ImageOptions) -> None:
        super().__init__(config)
        self._background = parse_colour(config.background)

    @cached_property
    def settings(self) -> DecodeSettings:
        """What an image is made into."""
        sides = sides_of(self.config.size or DEFAULT_SIZE)
        return DecodeSettings(
            sides, self.config.channels or 3, self._background, self.config.max_pixels
        )

    @property
    def layout(self) -> Layout:
        return Layout((*self.settings.sides, self.settings.channels), "uint8")

    def spec(self, classes: Sequence[str] = ()) -> SampleSpec:
        shape = (self.settings.channels, *self.settings.sides)
        return SampleSpec(kind=self.name, shape=shape, classes=tuple(classes))

    def options_for_files(self, paths: Sequence[Path]) -> ImageOptions:
        native = None if self.config.size else _common_side(paths)
        return self._settled(native, channels=3)

    def options_for_array(self, samples: NDArray[np.generic]) -> ImageOptions:
        height, width, channels = samples.shape[1:]
        return self._settled(height if height == width else None, 1 if channels == 1 else 3)

    def options_for_spec(self, spec: SampleSpec) -> ImageOptions:
        if spec.kind != self.name or len(spec.shape) != 3 or spec.shape[0] not in (1, 3, 4):
            raise SpecError(f"Images cannot be read as samples of shape {spec.shape}.")
        channels, height, width = spec.shape
        return self.config.model_copy(update={"size": size_of(height, width), "channels": channels})

    def _settled(self, native: int | None, channels: int) -> ImageOptions:
        return self.config.model_copy(
            update={
                "size": self.config.size or _default_size(native),
                "channels": self.config.channels or channels,
                "background": "#{:02x}{:02x}{:02x}".format(*self._background),
            }
        )

    def may_read(self, name: str) -> bool:
        """True unless the ending is that of something known to be no image."""
        suffix = PurePath(name).suffix.lower()
        kind = TYPES.types_map[True].get(suffix)
        known = suffix in TYPES.encodings_map or kind is not None
        return not known or (kind is not None and kind.startswith("image/"))

    def decode(self, path: Path) -> Decoded:
        return self._decoded(decode_file(path, self.settings))

    def decode_bytes(self, content: bytes, name: str) -> Decoded:
        return self._decoded(decode_file(io.BytesIO(content), self.settings))

    def check(self, samples: NDArray[np.generic], name: str) -> NDArray[np.generic]:
        """(N, H, W) or (N, H, W, C) uint8, with a channel axis."""
        if samples.dtype != np.uint8:
            raise DataError(
                f"The images of '{name}' are {samples.dtype}, not uint8.",
                "Scale them to 0..255 and convert them with .astype('uint8').",
            )
        if samples.ndim == 3:
            samples = samples[..., None]
        if samples.ndim != 4 or samples.shape[3] not in (1, 3, 4) or 0 in samples.shape:
            raise DataError(
                f"The images of '{name}' have shape {samples.shape}.",
                "They must be (number, height, width, channels) with 1, 3 or 4 channels.",
            )
        return samples

    def adapt(self, sample: NDArray[np.generic]) -> Decoded:
        return self._decoded(fit(as_picture(sample), self.settings))

    def _decoded(self, fitted: Fitted) -> Decoded:
        remarks = []
        if fitted.cropped:
            remarks.append(f"Cropped {{}} to the middle {self._shape}.")
        if fitted.enlarged:
            size = size_of(*self.settings.sides)
            remarks.append(f"Enlarged {{}} smaller than {size} pixels.")
        return Decoded(fitted.pixels[None], tuple(remarks))

    def samples(self, rows: Tensor, spec: SampleSpec) -> Tensor:
        """(n, C, H, W) in channels_last memory: 0 becomes `low` and 255 becomes `high`."""
        return scale(premultiplied(rows), spec.low, spec.high).permute(0, 3, 1, 2)

    def rows(self, x: Tensor, spec: SampleSpec) -> NDArray[np.generic]:
        return straight(to_uint8(x, spec))

    def seen(self, rows: NDArray[np.generic]) -> NDArray[np.generic]:
        """On the background, where they have alpha: (n, H, W, 3)."""
        return on_background(rows, self._background)

    def picture(self, x: Tensor, spec: SampleSpec, columns: int | None = None) -> NDArray[np.uint8]:
        return grid(on_background(straight(to_uint8(x, spec)), self._background), columns)

    def encoded(
        self, x: Tensor, spec: SampleSpec, ending: str, columns: int | None = None
    ) -> bytes:
        """In forms that keep alpha, images that have it keep it."""
        if FORMATS[ending] in WITH_ALPHA:
            return encode_picture(grid(straight(to_uint8(x, spec)), columns), ending)
        return encode_picture(self.picture(x, spec, columns), ending)

    @property
    def _shape(self) -> str:
        height, width = self.settings.sides
        return "square" if height == width else f"of the shape {width}x{height}"

    def paired(self, originals: Tensor, made: Tensor, spec: SampleSpec, columns: int) -> Tensor:
        """Rows of originals, each above its reconstructions; short rows end in white."""
        import torch

        missing = -len(originals) % columns
        empty = originals.new_full((missing, *spec.shape), spec.high)
        shape = (-1, columns, *spec.shape)
        upper, lower = (torch.cat([x, empty]).reshape(shape) for x in (originals, made))
        return torch.stack([upper, lower], dim=1).flatten(0, 2)


def with_max_pixels(kind: Kind, max_pixels: int | None) -> Kind:
    """`kind` with another limit on the pixels of an image; None leaves it as it is.

    Raises:
        CapabilityError: It reads no images.
    """
    if max_pixels is None:
        return kind
    if not isinstance(kind, ImageKind):
        raise CapabilityError(
            f"A limit on pixels is for images, not for {kind.array}.", "Leave --max-pixels out."
        )
    return ImageKind(kind.config.model_copy(update={"max_pixels": max_pixels}))


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
    place = Path(path).expanduser()
    save_samples(x, ImageKind(ImageOptions()), spec, place, columns)
    return place


def scale(values: Tensor, low: float, high: float) -> Tensor:
    """uint8 values as float32: 0 becomes `low` and 255 becomes `high`."""
    import torch

    # Dividing, unlike multiplying by the rounded reciprocal, maps 255 to `high` exactly.
    return values.to(torch.float32).div_(255 / (high - low)).add_(low)


def as_picture(row: NDArray[np.generic]) -> Image.Image:
    """One (height, width, channels) image for Pillow."""
    return Image.fromarray(row[:, :, 0] if row.shape[2] == 1 else row)


def _common_side(paths: Sequence[Path]) -> int | None:
    """Height and width where all images are squares of one size."""
    common: tuple[int, int] | None = None
    for path in paths:
        size = read_size(path)
        common = common or size
        if size is not None and (size != common or size[0] != size[1]):
            return None
    return common[0] if common else None


def _default_size(native: int | None) -> int:
    if native is None or native & (native - 1) or not 8 <= native <= LARGEST_DEFAULT:
        return DEFAULT_SIZE
    return native
