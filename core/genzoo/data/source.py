"""What the cache needs to know of data before it is decoded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genzoo.data.decode import Decoded, DecodeSettings, UndecodableError

Progress = Callable[[int, int], None]
"""Called with the number of images decoded so far and their total."""

Outcome = Decoded | UndecodableError

Outcomes = Generator[Outcome, None, None]


@dataclass(frozen=True)
class Native:
    """What the images are by themselves.

    Attributes:
        size: Height and width in pixels where all images are squares of one size, else None.
        channels: 1 if all of them are known to be grey, else 3.
    """

    size: int | None
    channels: int = 3


@dataclass(frozen=True)
class Labels:
    """Class labels, if there are any.

    Attributes:
        values: (N,) indices into `classes`, or None.
        classes: Class names in label order.
        notes: Sentences worth telling the user.
    """

    values: NDArray[np.int64] | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()


class Source(ABC):
    """Images in a fixed order that can be decoded again and again.

    Attributes:
        name: What the user typed.
        identity: Changes whenever the content does.
        channels: 1 or 3 where that is known without a look at the images.
        notes: Sentences worth telling the user.
    """

    name: str
    identity: str
    channels: int | None = None
    notes: tuple[str, ...] = ()

    @abstractmethod
    def native(self) -> Native:
        """What the images are by themselves; may take a look at every one."""

    @abstractmethod
    def names(self) -> Sequence[str]:
        """A name for each image, to report it by."""

    @abstractmethod
    def outcomes(self, settings: DecodeSettings) -> Outcomes:
        """Each image in order, decoded, or why it could not be."""

    @abstractmethod
    def labels(self, kept: Sequence[int]) -> Labels:
        """Labels of the images at the positions `kept`, those that could be decoded."""
