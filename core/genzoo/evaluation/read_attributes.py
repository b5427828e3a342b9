"""Labels of the data beside its classes: attributes that a metric may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genzoo.data.npz_archives import Archive
from genzoo.errors import DataError

HINT = "Give an .npz file with an array of strings or whole numbers for each attribute."


def read_attributes(path: Path, count: int, samples: str) -> Mapping[str, NDArray[np.str_]]:
    """The attributes in an .npz file, by name.

    They are its arrays of one dimension of strings, whole numbers or truth values. The file may
    hold the samples too.

    Args:
        path: The file.
        count: Samples of the data, in whose order the labels are.
        samples: The name of the array of samples, which is not read.

    Returns:
        (count,) each.

    Raises:
        DataError: It cannot be read, holds no attribute, or one of another length.
    """
    try:
        with path.open("rb") as file:
            archive = Archive(file, str(path))
            arrays = {name: archive[name] for name in archive if name != samples}
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror or error}.", HINT) from error
    except Exception as error:  # damaged bytes surface as errors of many kinds
        raise DataError(f"'{path}' cannot be read as an .npz file.", HINT) from error
    found = {
        name: labels
        for name, labels in arrays.items()
        if labels.ndim == 1 and labels.dtype.kind in "Uiub"
    }
    if not found:
        raise DataError(f"'{path}' holds no attributes.", HINT)
    for name, labels in found.items():
        if len(labels) != count:
            raise DataError(
                f"The attribute '{name}' has {len(labels)} labels, and the data {count} samples.",
                "Give one for each, in the order of the data.",
            )
    return {name: labels.astype(np.str_) for name, labels in found.items()}
