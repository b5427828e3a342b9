"""The driver: turns, the check of both sides, the table."""

import json
import sys
from pathlib import Path

import pytest
from interleave import Comparison, Worker
from rivals import HEADINGS, Row, check_same, table, take_turns
from toolkits.comparisons import RIVALS

from genzoo.plugins.manager import PluginManager
from genzoo.records import ArchitectureSpec, ObjectiveSpec

SIDE = """
import sys
sys.path.append({benchmarks!r})
from toolkits.turns import TurnLoader, Turns
from pathlib import Path

loader = TurnLoader([1, 2, 3], Turns(2, {{"parameters": 7}}))
assert len(loader) == 3
log = Path({log!r})
while True:
    for batch in loader:
        print("a toolkit prints what it likes")
        log.write_text(log.read_text() + str(batch))
"""


class Clock:
    """A worker that only counts."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self.name, self.calls = name, calls

    def turn(self) -> float:
        self.calls.append(self.name)
        return float(len(self.calls))


def test_every_worker_takes_each_place():
    calls: list[str] = []
    times = take_turns([Clock(name, calls) for name in "abc"], rounds=3)
    assert "".join(calls) == "cababcbcacab"
    assert times == [[4.0, 9.0, 11.0], [5.0, 7.0, 12.0], [6.0, 8.0, 10.0]]


def test_a_loop_goes_on_for_as_many_batches_as_make_a_turn(tmp_path: Path):
    log, side = tmp_path / "log", tmp_path / "side.py"
    log.write_text("")
    side.write_text(
        SIDE.format(benchmarks=str(Path(__file__).parents[2] / "benchmarks"), log=str(log))
    )
    worker = Worker(side, python=sys.executable)
    assert json.loads(worker.announced[-1]) == {"parameters": 7}
    assert log.read_text() == ""
    assert worker.turn() > 0
    assert log.read_text() == "12"
    worker.turn()
    assert log.read_text() == "1231"
    worker.close()


def test_a_worker_that_dies_says_why(tmp_path: Path):
    side = tmp_path / "side.py"
    side.write_text("raise ValueError('no such thing')")
    with pytest.raises(RuntimeError, match="no such thing"):
        Worker(side)


@pytest.mark.parametrize("fact", ["parameters", "torch"])
def test_different_sides_are_not_compared(fact: str):
    side = {"parameters": 10, "torch": "2.15.0"}
    check_same(RIVALS[0], [side, side])
    with pytest.raises(ValueError, match=rf"tutorial script differ in {fact}: \[.*other"):
        check_same(RIVALS[0], [side, {**side, fact: "other"}])


def test_the_table_gives_rates_and_ratios():
    rival = RIVALS[0]
    theirs = [4.0, 4.0, 4.0]
    row = Row(
        rival,
        {"version": "1.2", "parameters": 1234567},
        Comparison(theirs, [1.0, 2.0, 4.0]),
        Comparison(theirs, [4.0, 4.0, 4.0]),
    )
    heading, line = table([row]).splitlines()
    assert heading.split() == " ".join(HEADINGS).split()
    cells = [cell.strip() for cell in line.split("  ") if cell]
    assert cells == [
        "tutorial script 1.2",
        "dcgan 64",
        "1,234,567",
        "64.0",
        "128.0",
        "2.00 [1.00 to 4.00]",
        "64.0",
        "1.00 [1.00 to 1.00]",
    ]


def test_genzoo_has_what_is_compared():
    from toolkits import residual

    manager = PluginManager.discover()
    manager.add(residual)
    for rival in RIVALS:
        assert manager.registry[ArchitectureSpec].find(rival.architecture)
        assert manager.registry[ObjectiveSpec].find(rival.objective)
