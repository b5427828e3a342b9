"""Curves of evaluations are drawn in a line from the log."""

import json
from pathlib import Path

from genzoo.doctor.curves import drawn, evaluations
from genzoo.doctor.history import History


def test_evaluations_are_read_from_the_log_with_their_steps(tmp_path: Path) -> None:
    lines = [
        {"step": 10, "gan/loss": 1.0},
        {"step": 20, "evaluation/Kernel distance": 0.5},
        {"step": 40, "evaluation/Kernel distance": 0.25, "evaluation/Recall": 0.1},
    ]
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert evaluations(History.read(path)) == {
        "Kernel distance": [(20, 0.5), (40, 0.25)],
        "Recall": [(40, 0.1)],
    }


def test_a_curve_reaches_from_its_least_to_its_greatest_value() -> None:
    text = drawn([(10, 0.8), (20, 0.0), (30, 0.4)])
    assert text == "█▁▅  0.8 to 0.4; least 0 at step 20, greatest 0.8 at 10"


def test_a_curve_that_does_not_move_lies_low() -> None:
    assert drawn([(1, 2.0), (2, 2.0)]).startswith("▁▁  2 to 2;")


def test_a_long_curve_is_thinned_out_and_keeps_its_ends() -> None:
    course = [(step, float(step)) for step in range(1000)]
    bars, _, _ = drawn(course).partition("  ")
    assert len(bars) == 40
    assert bars[0] == "▁"
    assert bars[-1] == "█"
