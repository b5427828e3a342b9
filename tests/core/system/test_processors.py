"""How busy the processors are with other things."""

from types import SimpleNamespace

import pytest

from genzoo.system import processors
from genzoo.system.processors import OtherPrograms, busy_seconds, usable_processors

REAL = processors.STATISTICS

LINES = [
    "cpu  1000 0 0 0 0 0 0 0 0 0",
    "cpu0 100 20 30 9000 800 4 5 6 70 80",
    "cpu1 1 0 0 9000 0 0 0 0 0 0",
    "cpu10 7 0 0 0 0 0 0 0 0 0",
    "intr 1 2 3",
    "",
]


def test_only_time_in_which_a_processor_was_taken_counts():
    assert busy_seconds(LINES, frozenset({0}), 100) == pytest.approx(1.65)


def test_only_the_processors_of_this_process_count():
    assert busy_seconds(LINES, frozenset({1, 10}), 1) == 8


@pytest.mark.parametrize("lines", [LINES, ["cpu7"], ["cpu7 a b c d e f g h"], []])
def test_a_count_that_is_missing_or_none_is_a_value_error(lines):
    with pytest.raises(ValueError, match=r"count|invalid"):
        busy_seconds(lines, frozenset({7}), 100)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """One processor whose counts and clocks are set by hand."""
    clocks = SimpleNamespace(busy=0, wall=0.0, own=0.0)
    file = tmp_path / "stat"
    clock = SimpleNamespace(perf_counter=lambda: clocks.wall, process_time=lambda: clocks.own)
    monkeypatch.setattr(processors, "time", clock)
    monkeypatch.setattr(processors, "STATISTICS", file)
    monkeypatch.setattr(processors, "usable_processors", lambda: frozenset({0}))
    monkeypatch.setattr("os.sysconf", lambda name: 100)

    def at(wall, busy, own):
        clocks.wall, clocks.own = wall, own
        file.write_text(f"cpu0 {busy} 0 0 0 0 0 0 0 0 0\n")

    at(0.0, 0, 0.0)
    return at


def test_what_this_process_used_is_not_others(machine):
    others = OtherPrograms()
    machine(2.0, 200, 0.5)
    assert others.read() == pytest.approx(0.75)


def test_each_reading_is_since_the_one_before(machine):
    others = OtherPrograms()
    machine(2.0, 200, 0.0)
    others.read()
    machine(4.0, 250, 0.5)
    assert others.read() == 0.0


def test_counts_that_differ_by_a_tick_are_never_below_nothing(machine):
    others = OtherPrograms()
    machine(1.0, 99, 1.0)
    assert others.read() == 0.0


def test_without_linux_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setattr(processors, "STATISTICS", tmp_path / "none")
    assert OtherPrograms().read() is None


def test_this_machine_is_read(monkeypatch):
    monkeypatch.setattr(processors, "STATISTICS", REAL)
    assert usable_processors()
    others = OtherPrograms().read()
    assert others is None or others >= 0.0
