"""Classes by name or by number. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

from genzoo.errors import unknown_name


def class_index(label: str, classes: Sequence[str]) -> int:
    """The index of a class, by its name or else by its number.

    Where names look like numbers, only names count: 1 is not one of the classes 0, 3 and 6.

    Raises:
        UnknownNameError: No class has that name or index.
    """
    if label in classes:
        return classes.index(label)
    numbered = _is_number(label) and not any(map(_is_number, classes))
    if numbered and int(label) < len(classes):
        return int(label)
    raise unknown_name("class", label, classes)


def indices_of(labels: str | Sequence[object], classes: Sequence[str], count: int) -> list[object]:
    """Labels with names replaced by indices; what is not a name is left as it is.

    Args:
        labels: Names, indices or both; or one name for all samples.
        classes: Class names in label order.
        count: Number of samples.

    Raises:
        UnknownNameError: No class has such a name.
    """
    given = [labels] * count if isinstance(labels, str) else labels
    return [class_index(each, classes) if isinstance(each, str) else each for each in given]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
