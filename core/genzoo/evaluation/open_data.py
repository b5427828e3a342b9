"""The data that a model is judged by, opened as the model's samples are."""

from __future__ import annotations

from collections.abc import Callable

from genzoo.data.data_argument import DataLike
from genzoo.data.dataset import Dataset
from genzoo.data.open_dataset import open_dataset
from genzoo.data.refuse_before_decoding import Outline
from genzoo.errors import UsageError
from genzoo.interfaces.kind import Kind
from genzoo.progress import Progress, silent
from genzoo.registry import Registry
from genzoo.specs import SampleSpec

LEAST = 8
"""Samples that an evaluation needs at least, of the model and of the data."""


def check_enough(name: str, count: int, kind: Kind) -> None:
    """Raise UsageError if `count` samples of the data `name` are too few to judge by."""
    if count < LEAST:
        raise UsageError(
            f"'{name}' has too few {kind.array}: {count}.", f"It takes at least {LEAST}."
        )


def open_beside(
    data: DataLike,
    kind: Kind,
    spec: SampleSpec,
    registry: Registry,
    *,
    labelled: bool = True,
    progress: Progress = silent,
    stream: bool = False,
    note: Callable[[str], None] | None = None,
) -> Dataset:
    """Open `data` with the shape and classes of a model's samples.

    Args:
        data: A folder, an `.npz` file, the name of a data set, or arrays.
        kind: What the samples are, with the options that the model's data had.
        spec: Contract of the model's samples.
        registry: Where names are looked up.
        labelled: Whether a model with classes needs those of this data.
        progress: Hears how many are decoded.
        stream: Decode samples as they are used and keep none.
        note: Hears of samples that cannot be read while they are streamed.

    Raises:
        DataError: It cannot be read, or has other classes.
        UsageError: There is no such data, or it has no labels.
    """

    def check(known: Outline) -> None:
        if known.most is not None:
            check_enough(known.name, known.most, kind)

    conditional = labelled and spec.conditional
    return open_dataset(
        data,
        type(kind)(kind.options_for_spec(spec)),
        conditional=conditional,
        classes=spec.classes if conditional else None,
        registry=registry,
        progress=progress,
        stream=stream,
        note=note,
        check=check,
    )
