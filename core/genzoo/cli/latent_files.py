"""Latents in files: `.safetensors` or `.npz`, with the labels that go with them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genzoo.artifact.tensors import load_tensors, save_tensors
from genzoo.data.npz_archives import Archive
from genzoo.errors import DataError, UsageError
from genzoo.model.latent_contract import LatentContract
from genzoo.system.atomic_files import atomic_write

ENDINGS = (".safetensors", ".npz")

MOST_BYTES = 1 << 16
"""Of a contract."""


def check_latent_path(path: Path) -> None:
    """Raise UsageError unless latents can be kept in such a file."""
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"Latents cannot be kept in '{path.name}'.", f"Known endings: {', '.join(ENDINGS)}."
        )


def write_latents(
    path: Path, latents: Tensor, labels: list[int] | None, contract: LatentContract
) -> None:
    """Write `latents` (N, *latent shape) as float32, `labels` (N,) as int64 and the contract.

    Raises:
        StorageError: The file cannot be written.
        UsageError: The ending is unknown.
    """
    check_latent_path(path)
    tensors = {"latents": latents.detach().float().cpu().contiguous()}
    if labels is not None:
        tensors["labels"] = torch.tensor(labels, dtype=torch.int64)
    content = contract.model_dump_json().encode()
    tensors["contract"] = torch.frombuffer(bytearray(content), dtype=torch.uint8)
    with atomic_write(path) as temporary:
        if path.suffix.lower() == ".safetensors":
            save_tensors(temporary, tensors)
        else:
            arrays: dict[str, Any] = {name: tensor.numpy() for name, tensor in tensors.items()}
            with temporary.open("wb") as file:
                np.savez(file, **arrays)


def read_latents(path: Path) -> tuple[Tensor, list[int] | None, LatentContract | None]:
    """Latents (N, *latent shape) in float32; their labels and contract if the file has them.

    Raises:
        DataError: The file is missing or damaged, or holds no latents.
        UsageError: The ending is unknown.
    """
    check_latent_path(path)
    if not path.is_file():
        raise DataError(f"There is no file '{path}'.", "Make one: genzoo encode MODEL FILE -o ...")
    tensors = load_tensors(path)[0] if path.suffix.lower() == ".safetensors" else _read_npz(path)
    if "latents" not in tensors:
        held = ", ".join(sorted(tensors)[:5]) or "nothing"
        raise DataError(f"'{path}' holds no array named 'latents', but {held}.")
    labels = tensors["labels"].tolist() if "labels" in tensors else None
    return tensors["latents"].float(), labels, _contract(tensors.get("contract"), path)


def _contract(content: Tensor | None, path: Path) -> LatentContract | None:
    if content is None:
        return None
    try:
        if content.dtype != torch.uint8 or content.dim() != 1 or len(content) > MOST_BYTES:
            raise ValueError
        return LatentContract.model_validate_json(content.numpy().tobytes())
    except ValueError:
        raise DataError(f"The 'contract' in '{path}' is not that of latents.") from None


def _read_npz(path: Path) -> dict[str, Tensor]:
    try:
        with path.open("rb") as file:
            return {
                name: torch.from_numpy(array) for name, array in Archive(file, str(path)).items()
            }
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"'{path}' is not a readable .npz file: {error}.") from error
