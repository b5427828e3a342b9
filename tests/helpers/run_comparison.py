"""Whether two runs left the same."""

import json

UNEQUAL = ("metrics.jsonl",)
"""Files with times."""

TIMES = ("samples_per_second", "data_share", "processors_short", "threads_spin")
"""What a line of the log says of the machine."""


def logged(run):
    """Whole lines of a run's log without times, and the rest of a line that was cut short."""
    try:
        *lines, rest = (run / "metrics.jsonl").read_text().split("\n")
    except FileNotFoundError:
        return [], ""
    return [_without(json.loads(line), TIMES) for line in lines], rest


def _without(line, names):
    """Names with their values, in the order in which the line has them."""
    return [(name, value) for name, value in line.items() if name not in names]


def assert_same_runs(run, expected):
    """Every bit of `run` is as in `expected`, and nothing else is there."""
    assert logged(run) == logged(expected)
    names = {path.relative_to(run) for path in run.rglob("*")}
    assert names == {path.relative_to(expected) for path in expected.rglob("*")}
    for name in names:
        if (run / name).is_file() and name.name not in UNEQUAL:
            assert (run / name).read_bytes() == (expected / name).read_bytes(), name
