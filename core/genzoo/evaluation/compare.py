"""Records beside each other: refused where protocols differ, and which differences count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Any

from genzoo.errors import UsageError
from genzoo.evaluation.evaluation_record import EvaluationRecord, Protocol, Value

SIGNIFICANCE = 0.05

FREE = {"seed", "name"}
"""What may differ: a seed names a draw, and a fingerprint says more than the name of data."""


@dataclass(frozen=True)
class Difference:
    """Two records' values of one metric.

    Attributes:
        value: The metric's number, by name.
        first: Index of a record.
        second: Index of another.
        difference: The first's value minus the second's.
        significant: Whether chance alone gives so great a difference in less than one of twenty
            comparisons of this metric (Bonferroni's correction for the number of pairs).
    """

    value: str
    first: int
    second: int
    difference: float
    significant: bool


@dataclass(frozen=True)
class Row:
    """One number of every record.

    Attributes:
        value: Its name.
        unit: Its unit.
        values: One for each record, in order.
        best: Indices of the record with the best value and of those that are not significantly
            worse; empty where neither way is better.
        differences: One for each pair of records.
    """

    value: str
    unit: str
    values: tuple[Value, ...]
    best: tuple[int, ...]
    differences: tuple[Difference, ...]


def compare_records(records: Sequence[EvaluationRecord]) -> list[Row]:
    """The numbers that all records have, side by side.

    Raises:
        UsageError: Fewer than two records, protocols that differ, or no number in common.
    """
    if len(records) < 2:
        raise UsageError("A comparison needs at least two records.", "Give two or more files.")
    first, *others = records
    for other in others:
        check_comparable(first, other)
    rows = []
    for value in first.values:
        same = [record.find(value) for record in records]
        found = tuple(item for item in same if item is not None)
        if len(found) == len(records):
            rows.append(_row(found))
    if not rows:
        raise UsageError("The records have no number in common.", "Measure the same metrics.")
    return rows


def check_comparable(first: EvaluationRecord, second: EvaluationRecord) -> None:
    """Refuse to compare numbers of different protocols.

    Raises:
        UsageError: Says what differs.
    """
    found = protocol_differences(first.protocol, second.protocol)
    for metric in first.parameters.keys() & second.parameters.keys():
        if first.parameters[metric] != second.parameters[metric]:
            found.append(
                f"{metric} ({_plain(first.parameters[metric])} and "
                f"{_plain(second.parameters[metric])})"
            )
    if found:
        raise UsageError(
            f"'{first.model.name}' and '{second.model.name}' were measured by different "
            f"protocols: {'; '.join(found)}.",
            "Measure one of them again by the protocol of the other.",
        )


def protocol_differences(first: Protocol, second: Protocol) -> list[str]:
    """What differs between two protocols, each as `where (one and the other)`."""
    one, other = _flat(first.model_dump()), _flat(second.model_dump())
    return [
        f"{key} ({_plain(one.get(key))} and {_plain(other.get(key))})"
        for key in {**one, **other}
        if one.get(key) != other.get(key) and _counts(key)
    ]


def threshold(pairs: int) -> float:
    """How many standard errors a difference must exceed, with `pairs` comparisons."""
    return NormalDist().inv_cdf(1 - SIGNIFICANCE / (2 * pairs))


def _counts(key: str) -> bool:
    section, _, field = key.rpartition(".")
    return field not in FREE or section == "features"


def _flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={_plain(item)}" for key, item in value.items())
    return "none" if value is None else str(value)


def _row(values: tuple[Value, ...]) -> Row:
    pairs = list(combinations(range(len(values)), 2))
    limit = threshold(len(pairs))
    differences = tuple(_difference(values, i, j, limit) for i, j in pairs)
    first = values[0]
    return Row(first.name, first.unit, values, _best(values, differences), differences)


def _difference(values: Sequence[Value], i: int, j: int, limit: float) -> Difference:
    difference = values[i].value - values[j].value
    error = math.hypot(values[i].error, values[j].error)
    return Difference(values[i].name, i, j, difference, abs(difference) > limit * error)


def _best(values: Sequence[Value], differences: Sequence[Difference]) -> tuple[int, ...]:
    better = values[0].better
    if better == "neither":
        return ()
    pick = min if better == "lower" else max
    best = pick(range(len(values)), key=lambda index: values[index].value)
    worse = {
        index
        for difference in differences
        if difference.significant and best in (difference.first, difference.second)
        for index in (difference.first, difference.second)
    } - {best}
    return tuple(index for index in range(len(values)) if index not in worse)
