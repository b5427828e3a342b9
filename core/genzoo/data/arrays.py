"""Images that come as arrays: from memory, from an .npz file, or from a registered data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genzoo.data.decode import Decoded, DecodeSettings, fit
from genzoo.data.raw import RawSamples
from genzoo.data.source import Labels, Native, Outcomes, Source
from genzoo.errors import DataError


class ArraySource(Source):
    """Arrays that are loaded only when they are needed.

    Args:
        load: Returns the arrays; checked with `checked` on first use.
        name: What the user typed.
        identity: Changes whenever the arrays do.
    """

    def __init__(self, load: Callable[[], RawSamples], name: str, identity: str) -> None:
        self.name = name
        self.identity = identity
        self._load = load

    @cached_property
    def raw(self) -> RawSamples:
        """The arrays, with a channel axis and labels numbered from 0."""
        return checked(self._load(), self.name)

    def native(self) -> Native:
        height, width, channels = self.raw.images.shape[1:]
        return Native(height if height == width else None, 1 if channels == 1 else 3)

    def names(self) -> Sequence[str]:
        return [f"image {number}" for number in range(len(self.raw.images))]

    def outcomes(self, settings: DecodeSettings) -> Outcomes:
        fits = self.raw.images.shape[1:] == (settings.size, settings.size, settings.channels)
        for row in self.raw.images:
            yield Decoded(row) if fits else fit(as_picture(row), settings)

    def labels(self, kept: Sequence[int]) -> Labels:
        if self.raw.labels is None:
            return Labels(None, ())
        return Labels(self.raw.labels[list(kept)], self.raw.classes)


def as_picture(row: NDArray[np.uint8]) -> Image.Image:
    """One (height, width, channels) image for Pillow."""
    return Image.fromarray(row[:, :, 0] if row.shape[2] == 1 else row)


def checked(raw: RawSamples, name: str) -> RawSamples:
    """`raw` with images (N, H, W, C) and labels that index the classes.

    Raises:
        DataError: Shapes, types or labels make no data set.
    """
    images = np.asarray(raw.images)
    if images.dtype != np.uint8:
        raise DataError(
            f"The images of '{name}' are {images.dtype}, not uint8.",
            "Scale them to 0..255 and convert them with .astype('uint8').",
        )
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3, 4) or 0 in images.shape:
        raise DataError(
            f"The images of '{name}' have shape {images.shape}.",
            "They must be (number, height, width, channels) with 1, 3 or 4 channels.",
        )
    if raw.labels is None:
        return RawSamples(images)
    labels, classes = _numbered(np.asarray(raw.labels), tuple(raw.classes), len(images), name)
    return RawSamples(images, labels, classes)


def _numbered(
    labels: NDArray[Any], classes: tuple[str, ...], count: int, name: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    if labels.shape != (count,) or labels.dtype.kind not in "iubUS":
        raise DataError(
            f"The labels of '{name}' are {labels.dtype} of shape {labels.shape}.",
            f"They must be {count} integers or names, one for each image.",
        )
    if not classes:
        if labels.dtype.kind == "S":
            labels = np.char.decode(labels, "utf-8", "replace")
        values, numbers = np.unique(labels, return_inverse=True)
        return numbers.astype(np.int64), tuple(str(value) for value in values.tolist())
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= len(classes):
        raise DataError(f"The labels of '{name}' are not numbers from 0 to {len(classes) - 1}.")
    return labels.astype(np.int64), classes


def read_npz(path: Path) -> RawSamples:
    """The arrays `images`, `labels` (optional) and `classes` (optional) of an .npz file.

    Images under another name are found where they are the only uint8 array of 3 or 4 dimensions.

    Raises:
        DataError: The file cannot be read, or it is not clear which array holds the images.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return _pick(archive, path)
    except DataError:
        raise
    except Exception as error:  # damaged bytes surface as errors of many kinds
        raise DataError(
            f"'{path}' cannot be read as an .npz file.", "Write it with numpy.savez."
        ) from error


def _pick(archive: Mapping[str, Any], path: Path) -> RawSamples:
    keys = list(archive)
    images = archive["images"] if "images" in keys else _only_images(archive, path)
    labels = archive["labels"] if "labels" in keys else None
    classes = tuple(str(name) for name in archive["classes"].tolist()) if "classes" in keys else ()
    return RawSamples(images, labels, classes)


def _only_images(archive: Mapping[str, Any], path: Path) -> NDArray[np.uint8]:
    arrays = {key: archive[key] for key in archive}
    fitting = [a for a in arrays.values() if a.dtype == np.uint8 and a.ndim in (3, 4)]
    if len(fitting) != 1:
        raise DataError(
            f"'{path}' has no array named 'images', only: {', '.join(arrays) or 'nothing'}.",
            "Save the images under that name: numpy.savez(path, images=...).",
        )
    return fitting[0]
