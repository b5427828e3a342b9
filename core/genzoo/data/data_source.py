"""What the cache needs to know of data before it is decoded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genzoo.data.decoding import Outcome
from genzoo.interfaces.kind import Kind
from genzoo.specs import Config

Progress = Callable[[int, int], None]
"""Called with the number of files or entries decoded so far and their total."""

Outcomes = Generator[Outcome, None, None]


@dataclass(frozen=True)
class Labels:
    """Class labels, if there are any.

    Attributes:
        values: (N,) indices into `classes`, or None.
        classes: Class names in label order.
        notes: Sentences worth telling the user.
        missing: Why there are none, as a part of a sentence; empty where nothing is to be said.
        without: (n,) numbers of the samples without a label, where others have one.
    """

    values: NDArray[np.int64] | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    missing: str = ""
    without: Sequence[int] = ()


def without_label(samples: str, without: Sequence[int], count: int, one: str, many: str) -> Labels:
    """No labels, because `without` of `count` samples have none: `one` or `many` says so."""
    missing = f"{len(without)} of {count} {samples} {one if len(without) == 1 else many}"
    return Labels(None, (), (f"No labels: {missing}.",), missing, without)


class Source(ABC):
    """Files or entries in a fixed order that can be decoded again and again.

    Attributes:
        name: What the user typed.
        identity: Changes whenever the content does.
        notes: Sentences worth telling the user.
    """

    name: str
    identity: str
    notes: tuple[str, ...] = ()

    @abstractmethod
    def __len__(self) -> int:
        """Number of files or entries."""

    @abstractmethod
    def options(self, kind: Kind) -> Config:
        """The options of `kind` for this data, none left open; may take a look at everything."""

    @abstractmethod
    def names(self) -> Sequence[str]:
        """A name for each file or entry, to report it by."""

    @abstractmethod
    def outcomes(self, kind: Kind) -> Outcomes:
        """Each file or entry in order, decoded, or why it could not be."""

    @abstractmethod
    def labels(self, kept: Sequence[int]) -> Labels:
        """A label for each row; `kept` says which file or entry it came from."""
