"""Classes by name or by number. Imports no torch before there are tensors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from genzoo.errors import CapabilityError, UsageError, unknown_name

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from genzoo.specs import SampleSpec

Labels: TypeAlias = "str | Sequence[int] | Sequence[str] | Tensor"
"""A class for each sample, by index or by name; one name is that of all of them."""


NUMBER = re.compile(r"[+-]?[\d.,_]+")
"""A name that somebody may mean by typing a number."""


def class_index(label: str, classes: Sequence[str]) -> int:
    """The index of a class, by its name or else by its number.

    Where names look like numbers, only names count: 1 is not one of the classes 0, 3 and 6.

    Raises:
        UnknownNameError: No class has that name or index.
    """
    if label in classes:
        return classes.index(label)
    position = label.isascii() and label.isdigit() and not any(map(NUMBER.fullmatch, classes))
    if position and int(label) < len(classes):
        return int(label)
    raise unknown_name("class", label, classes)


def class_indices(labels: Sequence[str], spec: SampleSpec, count: int) -> list[int] | None:
    """A class for each of `count` samples, from names or indices that take turns.

    Raises:
        CapabilityError: The model has no classes.
        UnknownNameError: No class has that name or index.
    """
    if not labels:
        return None
    if not spec.conditional:
        raise CapabilityError("The model was trained without classes.", "Leave --label out.")
    chosen = [class_index(label, spec.classes) for label in labels]
    return [chosen[number % len(chosen)] for number in range(count)]


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


def label_tensor(
    labels: Labels | None,
    classes: Sequence[str],
    numbers: range,
    device: torch.device,
    model: str,
) -> Tensor | None:
    """Class indices (N,) of the samples with those numbers; None for a model without classes.

    Args:
        labels: The classes; by default class `i mod classes` for sample `i`.
        classes: Class names in label order.
        numbers: Those of the N samples.
        device: Where to put them.
        model: What to call the model.

    Raises:
        CapabilityError: There are labels and no classes.
        UnknownNameError, UsageError: Labels that are none of the classes, or not N of them.
    """
    import torch

    if not classes:
        if labels is not None:
            raise CapabilityError(f"{model} was trained without classes.", "Leave the label out.")
        return None
    if labels is None:
        return torch.arange(numbers.start, numbers.stop, device=device) % len(classes)
    if not isinstance(labels, torch.Tensor):
        labels = torch.tensor(indices_of(labels, classes, len(numbers)))
    given = labels.to(device, torch.long)
    if given.shape != (len(numbers),) or given.min() < 0 or given.max() >= len(classes):
        raise UsageError(f"Labels must be {len(numbers)} numbers from 0 to {len(classes) - 1}.")
    return given
