"""Many short texts in little room: an array of fixed width takes the longest times their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Texts:
    """Byte strings, one after the other.

    Attributes:
        data: (total,) uint8, all of them.
        ends: (N,) int64, where each ends in `data`.
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> Texts:
        """Those of `texts`."""
        content, ends = bytearray(), []
        for text in texts:
            content += text
            ends.append(len(content))
        return cls(np.frombuffer(bytes(content), np.uint8), np.array(ends, np.int64))

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[bytes]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> bytes:
        if not 0 <= number < len(self.ends):
            raise IndexError(number)
        first = int(self.ends[number - 1]) if number else 0
        return self.data[first : int(self.ends[number])].tobytes()
