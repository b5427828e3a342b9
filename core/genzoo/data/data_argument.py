"""What a caller may give as data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genzoo.errors import UsageError
from genzoo.interfaces.data_source import RawSamples

DataLike = str | Path | Sequence[str | Path] | RawSamples | NDArray[Any]
"""A name or path, a list of files, or arrays with labels or without."""

IN_MEMORY = "arrays in memory"
"""How a run records arrays, which it cannot find again by itself."""


def given_data(data: object) -> str | Path | tuple[str, ...] | RawSamples:
    """`data` as one of few types; tensors are taken as arrays.

    Raises:
        UsageError: It is of another type.
    """
    if isinstance(data, str | Path | RawSamples):
        return data
    if isinstance(data, list | tuple) and all(isinstance(each, str | Path) for each in data):
        return tuple(map(str, data))
    if hasattr(data, "__array__"):
        return RawSamples(np.asarray(data))
    raise UsageError(
        f"{type(data).__name__} is not a type of data.",
        "Give a path, a name, a list of files, an array or genzoo.RawSamples.",
    )
