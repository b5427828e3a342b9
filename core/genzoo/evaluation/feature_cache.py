"""Features of many images: kept as they are computed, in files that memory need not hold."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genzoo.data.fingerprint import digest
from genzoo.errors import PluginError
from genzoo.interfaces.feature_extractor import FeatureExtractor
from genzoo.system.atomic_files import atomic_write

Pieces = Iterable[NDArray[np.float32]]
"""Features (n, D) of one batch after another."""

FORMAT = 1
"""Version of the files and of the order of images: a higher one leaves old files unused."""

Advance = Callable[[int], None]
"""Called with the number of images done."""


class FeatureCache:
    """Features of data sets and what follows from them, kept in files named by what they depend on.

    Args:
        root: The cache folder.
        extractor: What features come from.
        identity: The extractor's name; with its hash it stands for the feature space.
    """

    def __init__(self, root: Path, extractor: FeatureExtractor, identity: str) -> None:
        self.root = root
        self.space = digest([str(FORMAT), identity, extractor.hash])

    def features(
        self, data: str, count: int, pieces: Callable[[], Pieces], advance: Advance
    ) -> NDArray[np.float32]:
        """Features (count, D) of the data that `data` stands for, mapped from a file.

        Args:
            data: Changes whenever the images or their order do.
            count: Number of images.
            pieces: Computes them; called where they are not there yet.
            advance: Hears of progress.

        Raises:
            StorageError: The cache cannot be written.
        """
        path = self._path(data, count, "features.npy")
        found = _mapped(path, count)
        if found is None:
            with atomic_write(path) as temporary:
                write_features(temporary, pieces(), count, advance)
            found = np.load(path, mmap_mode="r", allow_pickle=False)
        return found

    def derived(
        self,
        data: str,
        count: int,
        name: str,
        compute: Callable[[], NDArray[np.float64]],
    ) -> NDArray[np.float64]:
        """The array `name` that follows from the `count` features of `data`, computed once.

        Raises:
            StorageError: The cache cannot be written.
        """
        path = self._path(data, count, f"{name}.npy")
        try:
            return np.asarray(np.load(path, allow_pickle=False), np.float64)
        except (OSError, ValueError, EOFError):
            pass
        array = compute()
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.save(file, array)
        return array

    def _path(self, data: str, count: int, name: str) -> Path:
        return self.root / "features" / digest([self.space, data, str(count)]) / name


def temporary_features(pieces: Pieces, count: int, advance: Advance) -> NDArray[np.float32]:
    """Features (count, D) in a file that is gone with the process."""
    # The file has no name: nothing is left behind, whatever happens. The map keeps it open.
    with tempfile.TemporaryFile() as file:

        def allocate(shape: tuple[int, int]) -> NDArray[np.float32]:
            return np.memmap(file, np.float32, "w+", shape=shape)

        return _fill(allocate, pieces, count, advance)


def write_features(path: Path, pieces: Pieces, count: int, advance: Advance) -> None:
    """Write features (count, D) to `path`, an .npy file, as they are computed."""

    def open_file(shape: tuple[int, int]) -> NDArray[np.float32]:
        # numpy adds an ending of its own to a name without it, but not here.
        return np.lib.format.open_memmap(path, "w+", np.dtype(np.float32), shape)

    mapped = _fill(open_file, pieces, count, advance)
    assert isinstance(mapped, np.memmap)
    mapped.flush()


def extracted(extractor: FeatureExtractor, images: NDArray[Any]) -> NDArray[np.float32]:
    """Features (n, D) of a batch of rows as they are stored.

    Args:
        extractor: Computes them.
        images: Such as images (n, height, width, channels) uint8.

    Raises:
        PluginError: The extractor gives something else.
    """
    rows = extractor.extract(torch.from_numpy(images))
    if rows.ndim != 2 or len(rows) != len(images):
        raise PluginError(
            f"A feature extractor gave {tuple(rows.shape)} for {len(images)} samples.",
            "It must give one row of features for each.",
        )
    if not bool(torch.isfinite(rows).all()):
        raise PluginError("A feature extractor gave numbers that are not finite.")
    return rows.float().cpu().numpy()


def _fill(
    allocate: Callable[[tuple[int, int]], NDArray[np.float32]],
    pieces: Pieces,
    count: int,
    advance: Advance,
) -> NDArray[np.float32]:
    done, array = 0, None
    for rows in pieces:
        if array is None:
            array = allocate((count, rows.shape[1]))
        array[done : done + len(rows)] = rows
        done += len(rows)
        advance(done)
    assert array is not None
    assert done == count
    return array


def _mapped(path: Path, count: int) -> NDArray[np.float32] | None:
    try:
        features = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    fits = features.ndim == 2 and len(features) == count and features.dtype == np.float32
    return features if fits else None
