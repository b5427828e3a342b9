"""Data as latents of an autoencoder: encoded once, kept in half precision, normalised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib import format as npy
from numpy.typing import NDArray

from genzoo.data.cache import read_entry
from genzoo.data.dataset import Dataset
from genzoo.data.fingerprint import digest
from genzoo.errors import CapabilityError, DataError, StorageError
from genzoo.media.latent_kind import HALF, LatentKind, LatentOptions
from genzoo.model.latent_contract import contract_of
from genzoo.model.model import Model
from genzoo.model.through import AutoencoderSource, Through, latent_contract
from genzoo.system.atomic_files import atomic_folder
from genzoo.system.cache_folder import cache_root

FORMAT = "2"
"""Version of how latents are made and kept: another one leaves old ones unused."""

BATCH = 64
LEAST_DEVIATION = 1e-6
"""A channel that hardly varies is not blown up."""


@dataclass(frozen=True, eq=False)
class EncodedDataset(Dataset):
    """Latents of a data set, with what they are latents of.

    Attributes:
        origin: The data that were encoded.
        autoencoder: What encoded them, with the statistics of the latents.
    """

    origin: Dataset | None = None
    autoencoder: Through | None = None

    @property
    def content(self) -> Dataset:
        """The data that were encoded."""
        assert self.origin is not None
        return self.origin

    @property
    def through(self) -> Through | None:
        """The autoencoder."""
        return self.autoencoder


def encode_dataset(
    data: Dataset,
    model: Model,
    source: AutoencoderSource,
    *,
    flips: bool = False,
    encoded: Callable[[int, int], None] = lambda done, total: None,
    cache: Path | None = None,
) -> EncodedDataset:
    """The latents of `data`, which are kept in genzoo's cache by the data, the model and options.

    Args:
        data: Content, as the autoencoder's samples are.
        model: The autoencoder; it gives the modes of its posteriors.
        source: Where it is from.
        flips: Encode mirrored images too, as further rows after the others.
        encoded: Hears how many rows are encoded, of how many.
        cache: Where latents are kept. Default: `cache_root()`.

    Raises:
        CapabilityError: Flips of what is not an image.
        DataError: A latent is not finite in half precision.
        StorageError: The cache cannot be written.
    """
    if flips and data.kind.name != "image":
        raise CapabilityError(f"{data.kind.array} have no mirror images.", "Leave --flips out.")
    shape = model.latent_spec.shape
    contract = contract_of(model).weights, model.architecture.config.model_dump_json()
    key = digest(["latents", FORMAT, data.fingerprint, *contract, str(flips)])
    place = (cache or cache_root()) / "data" / key
    if read_entry(place) is None:
        with atomic_folder(place) as folder:
            _write(folder, _batches(data, model, flips, encoded), shape, data, 1 + flips)
    entry = read_entry(place)
    if entry is None:
        raise StorageError(f"The cache entry '{place}' vanished.", "Run the command again.")
    statistics = json.loads((place / "statistics.json").read_text("utf-8"))
    kind = LatentKind(LatentOptions(shape=shape, **statistics))
    spec = latent_contract(model, data.spec.classes)
    mean, deviation = (torch.tensor(statistics[name]) for name in ("mean", "deviation"))
    return EncodedDataset(
        kind,
        entry.rows,
        None if data.labels is None else np.tile(data.labels, 1 + flips),
        data.classes,
        key,
        data.name,
        data.notes,
        spec,
        origin=data,
        autoencoder=Through(model, spec, mean, deviation, source),
    )


def _batches(
    data: Dataset, model: Model, flips: bool, encoded: Callable[[int, int], None]
) -> Iterator[NDArray[Any]]:
    """Latents (n, C, *places) in half precision, batch by batch."""
    total, done = len(data) * (1 + flips), 0
    for flip in (False, True)[: 1 + flips]:
        for first in range(0, len(data), BATCH):
            indices = np.arange(first, min(first + BATCH, len(data)), dtype=np.int64)
            x, _ = data.batch(indices, model.sample_spec, model.device)
            latents = model.encode(x.flip(-1) if flip else x, batch_size=BATCH)
            rows = latents.to(torch.float16)
            if not bool(torch.isfinite(rows).all()):
                raise DataError(
                    f"The autoencoder gives latents of '{data.name}' that are not finite numbers.",
                    "Train it longer, or use another one.",
                )
            done += len(indices)
            encoded(done, total)
            yield rows.cpu().numpy()


def _write(
    folder: Path,
    batches: Iterator[NDArray[Any]],
    shape: tuple[int, ...],
    data: Dataset,
    times: int,
) -> None:
    """An entry of the cache, and the mean and deviation of each channel."""
    count = len(data) * times
    sums, squares = np.zeros(shape[0]), np.zeros(shape[0])
    with (folder / "rows.npy").open("wb") as file:
        header = {"descr": "<f2", "fortran_order": False, "shape": (count, *shape)}
        npy.write_array_header_1_0(file, header)
        for rows in batches:
            file.write(np.ascontiguousarray(rows, "<f2").data)
            values = np.moveaxis(rows.astype(np.float64), 1, 0).reshape(shape[0], -1)
            sums += values.sum(1)
            squares += np.square(values).sum(1)
    values_each = count * int(np.prod(shape[1:]))
    mean = sums / values_each
    deviation = np.sqrt(np.maximum(squares / values_each - np.square(mean), 0.0))
    deviation = np.where(deviation < LEAST_DEVIATION, 1.0, deviation)
    statistics = {"mean": mean.tolist(), "deviation": deviation.tolist()}
    (folder / "statistics.json").write_text(json.dumps(statistics), "utf-8")
    meta = {
        "name": data.name,
        "shape": [count, *shape],
        "dtype": HALF,
        "labelled": False,
        "classes": [],
        "notes": [],
    }
    (folder / "meta.json").write_text(json.dumps(meta), "utf-8")
