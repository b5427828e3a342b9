"""What is known of data before any of it is decoded, and what is refused by that alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from genzoo.data.data_notes import shortened
from genzoo.data.decoding import attempt, quiet_decoding
from genzoo.errors import DataError, UsageError
from genzoo.interfaces.data_source import DataSource, FileSource, Labels
from genzoo.interfaces.decoded import Decoded, UndecodableError
from genzoo.interfaces.kind import Kind
from genzoo.specs import SampleSpec

TRIES = 32
"""Files that are decoded to see whether they are samples that stand in the way."""


@dataclass(frozen=True)
class Outline:
    """Data of which only the listing and the options are known.

    Attributes:
        name: What the user typed.
        spec: The samples' contract.
        most: How many samples there are at most: files may turn out to be none. None where a file
            may hold several.
    """

    name: str
    spec: SampleSpec
    most: int | None


def outline(
    source: DataSource, kind: Kind, conditional: bool, classes: Sequence[str] | None
) -> Outline | None:
    """The outline of `source`; None where its classes depend on what is in the files.

    Args:
        source: The data.
        kind: What they hold, no option left open.
        conditional: Whether the samples' contract has the classes.
        classes: Those of a model, if it has some.

    Raises:
        DataError: A class that is not in `classes`, or classes that cannot be used.
        UsageError: There are no labels.
    """
    most = len(source) if kind.one_per_file or not isinstance(source, FileSource) else None
    if not conditional:
        return Outline(source.name, contract(kind, (), source.name), most)
    if _say_their_class(source, kind):
        return None
    labels = source.labels(range(len(source)))
    if labels.values is None:
        if len(labels.without) and not _hold_samples(source, kind, labels.without):
            return None
        raise no_labels(source.name, labels, kind, classes)
    names = labels.classes
    if classes is not None:
        unknown = [number for number, name in enumerate(names) if name not in classes]
        strange = np.flatnonzero(np.isin(labels.values, unknown))
        if len(strange) and _hold_samples(source, kind, strange.tolist()):
            raise unknown_classes([names[number] for number in unknown], classes, source.name)
        names = tuple(classes)
    return Outline(source.name, contract(kind, names, source.name), most)


def _say_their_class(source: DataSource, kind: Kind) -> bool:
    """Whether the first file that can be decoded says the classes of its rows itself."""
    if not isinstance(source, FileSource):
        return False
    with quiet_decoding():
        outcomes = (attempt(kind, source.encoded(each)) for each in range(min(TRIES, len(source))))
        first = next((each for each in outcomes if isinstance(each, Decoded)), None)
    return first is not None and bool(first.labels)


def _hold_samples(source: DataSource, kind: Kind, positions: Sequence[int]) -> bool:
    """Whether one of the first files at `positions` can be decoded."""
    if not isinstance(source, FileSource):
        return True
    with quiet_decoding():
        outcomes = (attempt(kind, source.encoded(each)) for each in islice(positions, TRIES))
        return any(not isinstance(outcome, UndecodableError) for outcome in outcomes)


def contract(kind: Kind, classes: Sequence[str], name: str) -> SampleSpec:
    """The contract of samples with those classes.

    Raises:
        DataError: The classes cannot be used; says `name`.
    """
    try:
        return kind.spec(classes)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise DataError(f"The classes of '{name}' cannot be used: {reason}.") from error


def no_labels(name: str, labels: Labels, kind: Kind, classes: Sequence[str] | None) -> UsageError:
    """The error for data without labels, where a model or the user wants them."""
    why = f": {labels.missing}" if labels.missing else ""
    message = f"The data '{name}' has no labels to be conditional on{why}."
    if classes is not None:
        return UsageError(
            message, f"The model has classes: sort the {kind.array} into {shortened(classes)}."
        )
    sort = "Move it into a class folder" if len(labels.without) == 1 else _sort(kind)
    return UsageError(message, f"{sort}, or leave --conditional out.")


def _sort(kind: Kind) -> str:
    return f"Sort the {kind.array} into one folder per class"


def renumbered(
    labels: NDArray[np.int64], names: Sequence[str], classes: Sequence[str], data: str
) -> NDArray[np.int64]:
    """Labels that number `names` as labels that number `classes`.

    Raises:
        DataError: A name that is not in `classes`; says `data`.
    """
    unknown = [name for name in names if name not in classes]
    if unknown:
        raise unknown_classes(unknown, classes, data)
    numbers = np.array([classes.index(name) for name in names], np.int64)
    return numbers[labels]


def unknown_classes(unknown: Sequence[str], classes: Sequence[str], data: str) -> DataError:
    """The error for classes that a model does not have."""
    return DataError(
        f"'{data}' has classes that were not there before: {shortened(unknown)}.",
        f"Known: {shortened(classes)}.",
    )
