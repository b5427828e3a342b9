"""Whatever a kind's code does with a file, the outcome is rows of its layout or a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from points_kind import PointOptions, PointsKind

from genzoo.data.decoding import attempt, attempt_entry
from genzoo.interfaces.decoded import Decoded, UndecodableError


class Obedient(PointsKind):
    """Decodes to what it is told."""

    def __init__(self, outcome: object) -> None:
        super().__init__(PointOptions())
        self.outcome = outcome

    def decode(self, path: Path) -> Decoded:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome  # type: ignore[return-value]


def test_rows_of_the_layout_come_through() -> None:
    decoded = Decoded(np.zeros((3, 2), np.float32), ("Moved {}.",))
    assert attempt(Obedient(decoded), Path("a")) is decoded


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (UndecodableError("upside down"), "upside down"),
        (PermissionError(13, "denied"), "no permission to read it"),
        (ValueError("line 3:\n no number"), "ValueError: line 3: no number"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (Decoded(np.zeros((0, 2), np.float32)), "no point in it"),
        (Decoded(np.zeros((1, 2))), "the kind points made float64 (1, 2) of it"),
        (Decoded(np.zeros((1, 3), np.float32)), "the kind points made float32 (1, 3) of it"),
        (
            Decoded(np.array([[0, np.nan]], np.float32)),
            "it has values that are not finite",
        ),
        (None, "AttributeError: 'NoneType' object has no attribute 'rows'"),
    ],
)
def test_everything_else_is_a_reason(outcome: object, reason: str) -> None:
    assert str(attempt(Obedient(outcome), Path("a"))) == reason


def test_entries_of_another_shape_are_refused_by_default() -> None:
    outcome = attempt_entry(PointsKind(PointOptions()), np.zeros(3))
    assert str(outcome) == "it is float64 of shape (3,)"
