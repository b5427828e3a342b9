"""Directions beside the model that they are of: found, kept and read again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from genzoo.app.open_model import OpenModel
from genzoo.artifact.file_hashes import describe_file
from genzoo.artifact.format import WEIGHTS
from genzoo.errors import ArtifactError, DataError
from genzoo.system.atomic_files import atomic_write, make_folder, storage_errors
from genzoo.system.cache_folder import cache_root

if TYPE_CHECKING:
    from genzoo.model.directions import Directions

FILE = "directions.safetensors"
WAYS = ("components", "factorisation", "difference")


def weights_hash(opened: OpenModel) -> str:
    """The SHA-256 of the model's weights."""
    record = opened.config.files.get(WEIGHTS)
    return (record or describe_file(opened.description.weights)).sha256


def directions_path(opened: OpenModel) -> Path:
    """Where the directions of a model are kept: with it, or in the cache where others own it.

    What is in genzoo's own folders is of the installation, and what was pulled is as it was pulled.
    """
    named = Path(opened.name).expanduser()
    if (named.exists() and opened.folder.is_relative_to(named.resolve())) or named == opened.folder:
        return opened.folder / FILE
    if named.exists() and (named / "artifact").resolve() == opened.folder.resolve():
        return opened.folder / FILE
    return cache_root() / "directions" / weights_hash(opened) / FILE


def write_directions(path: Path, directions: Directions, weights: str) -> None:
    """Write directions, with the hash of the weights that they are of.

    Raises:
        StorageError: The file cannot be written.
    """
    from genzoo.artifact.tensors import save_tensors

    tensors = {
        "vectors": directions.vectors.detach().cpu().float().contiguous(),
        "deviations": directions.deviations.detach().cpu().float().contiguous(),
    }
    with storage_errors(path):
        make_folder(path.parent)
    with atomic_write(path) as temporary:
        save_tensors(temporary, tensors, {"way": directions.way, "weights": weights})


def read_directions(path: Path, weights: str | None = None) -> Directions:
    """Read what `write_directions` wrote.

    Args:
        path: The file.
        weights: SHA-256 of the weights that they must be of; by default of any.

    Raises:
        ArtifactError: It is damaged.
        DataError: It is missing, or of other weights.
    """
    from genzoo.artifact.tensors import load_tensors
    from genzoo.model.directions import Directions

    if not path.is_file():
        raise DataError(
            f"There are no directions at '{path}'.", "Find some: genzoo directions MODEL"
        )
    tensors, notes = load_tensors(path)
    vectors, deviations = tensors.get("vectors"), tensors.get("deviations")
    way = notes.get("way")
    fits = (
        vectors is not None
        and deviations is not None
        and deviations.shape == vectors.shape[:1]
        and vectors.ndim >= 2
        and way in WAYS
    )
    if not fits or vectors is None or deviations is None:
        raise ArtifactError(f"'{path}' holds no directions.", "Find them: genzoo directions MODEL")
    if weights is not None and notes.get("weights") != weights:
        raise DataError(
            f"The directions in '{path}' are of other weights.",
            "Find them anew: genzoo directions MODEL",
        )
    return Directions(vectors.float(), deviations.float(), way)  # type: ignore[arg-type]
