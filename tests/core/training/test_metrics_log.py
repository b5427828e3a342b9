"""How fast a run goes, and what keeps it from going faster."""

from types import SimpleNamespace

import pytest

from genzoo.training import metrics_log
from genzoo.training.metrics_log import Pace


@pytest.fixture
def made(monkeypatch):
    """A pace with its data, its waiting and a clock, all set by hand."""
    clock = SimpleNamespace(now=0.0, perf_counter=lambda: clock.now)
    monkeypatch.setattr(metrics_log, "time", clock)
    monkeypatch.setattr(
        metrics_log, "OtherPrograms", lambda: SimpleNamespace(read=lambda: clock.others)
    )
    monkeypatch.setattr(metrics_log, "shortage", lambda others: others)
    clock.others = 0.5
    data = SimpleNamespace(reading_seconds=1.0)
    waiting = SimpleNamespace(asleep=False, spins=True, short=0.0)
    return SimpleNamespace(
        clock=clock, data=data, waiting=waiting, pace=Pace(data, 64, 10, waiting)
    )


def test_figures_are_of_the_time_since_the_line_before(made):
    made.pace.measure(12)
    made.clock.now, made.data.reading_seconds = 4.0, 2.0
    assert made.pace.measure(20) == {
        "samples_per_second": 128.0,
        "data_share": 0.25,
        "processors_short": 0.5,
        "threads_spin": 1.0,
    }


def test_threads_that_sleep_do_not_spin(made):
    made.waiting.spins = False
    assert made.pace.measure(20)["threads_spin"] == 0.0


def test_what_the_system_does_not_tell_is_not_logged(made):
    made.clock.others = None
    assert set(made.pace.measure(20)) == {"samples_per_second", "data_share"}


def test_it_is_told_once_that_threads_sleep_and_why(made):
    assert made.pace.news() == ""
    made.waiting.asleep = True
    assert made.pace.news() == "", "the user wants them to, and the machine is quiet"
    made.waiting.short = 1.04
    told = made.pace.news()
    assert told.startswith("Other programs keep 1.0 of the processors busy that training needs")
    assert "GENZOO_WAIT_POLICY=active" in told
    assert made.pace.news() == ""
