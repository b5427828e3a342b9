"""What a kind makes of the content of files: rows, all of one layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Layout:
    """What one kept row is: its shape and its numpy type, e.g. `(64, 64, 3)` and `uint8`."""

    shape: tuple[int, ...]
    dtype: str

    def of(self, rows: NDArray[np.generic]) -> bool:
        """Whether `rows` (n, *shape) are of this layout."""
        return rows.shape[1:] == self.shape and rows.dtype == np.dtype(self.dtype)


@dataclass(frozen=True)
class Decoded:
    """What was found in a file or made of an array's entry.

    Attributes:
        rows: (n, *layout.shape) of the layout's type; n is 1 where a file holds one sample.
        remarks: What was done to fit them in, as sentences with `{}` for how many samples it was
            done to: `Cropped {} to the middle square.` They are counted and told once.
        labels: The class of each row by name, where the file itself says it: one for each row, or
            none at all. They go before those of class folders.
        counts: What else is to be told, as sentences with `{}` for a number, and that number of
            this file: `Left out {} windows of silence.` Numbers are summed over all files.
    """

    rows: NDArray[np.generic]
    remarks: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class UndecodableError(Exception):
    """A file or entry holds no sample that can be read; the message is a short reason."""
