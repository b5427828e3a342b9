"""Listeners of a run: who is called with what, and what a broken one costs."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from genzoo.events import Events, Listener

Heard = list[tuple[str, dict[str, Any]]]


def listener(event: str, heard: Heard, *arguments: str, distribution: str = "genzoo-a") -> Listener:
    def hear(**facts: Any) -> None:
        heard.append((distribution, facts))

    return Listener(event, distribution, hear, arguments)


def breaks(event: str, error: BaseException, distribution: str = "genzoo-bad") -> Listener:
    def fail() -> None:
        raise error

    return Listener(event, distribution, fail, ())


def test_each_gets_the_arguments_that_it_asks_for() -> None:
    heard: Heard = []
    events = Events(
        [
            listener("genzoo_step_ended", heard, "step"),
            listener("genzoo_step_ended", heard, distribution="genzoo-b"),
            listener("genzoo_run_ended", heard, "step"),
        ],
        note=pytest.fail,
    )
    events.send("genzoo_step_ended", run=None, step=7)
    assert heard == [("genzoo-a", {"step": 7}), ("genzoo-b", {})]


@pytest.mark.parametrize(
    "error", [ValueError("no luck"), SystemExit(3), BaseException("panic"), KeyboardInterrupt("x")]
)
def test_a_plugin_that_fails_is_reported_once_and_hears_no_more(error: BaseException) -> None:
    heard: Heard = []
    notes: list[str] = []
    events = Events(
        [
            breaks("genzoo_step_ended", error),
            breaks("genzoo_run_ended", error),
            listener("genzoo_step_ended", heard, "step"),
        ],
        notes.append,
    )
    for step in (1, 2):
        events.send("genzoo_step_ended", step=step)
    events.send("genzoo_run_ended", step=2)
    assert [facts["step"] for _, facts in heard] == [1, 2]
    (note,) = notes
    assert note.startswith("The plugin genzoo-bad no longer hears of this run: its ")
    assert f"genzoo_step_ended raised an error: {type(error).__name__}: {error}" in note
    assert f"({__file__}, line " in note


def test_an_interrupt_is_no_fault_of_the_plugin() -> None:
    def interrupted() -> None:
        signal.raise_signal(signal.SIGINT)

    heard = Listener("genzoo_step_ended", "genzoo-a", interrupted, ())
    events = Events([heard], note=pytest.fail)
    with pytest.raises(KeyboardInterrupt):
        events.send("genzoo_step_ended")


def test_what_one_does_to_its_metrics_is_unseen_by_the_next() -> None:
    seen: list[dict[str, float]] = []

    def spoil(metrics: dict[str, float]) -> None:
        seen.append(dict(metrics))
        metrics.clear()

    asks: Callable[[str], Listener] = lambda name: Listener(  # noqa: E731
        "genzoo_metrics_measured", name, spoil, ("metrics",)
    )
    metrics = {"loss": 1.0}
    Events([asks("a"), asks("b")], note=pytest.fail).send(
        "genzoo_metrics_measured", metrics=metrics
    )
    assert seen == [{"loss": 1.0}, {"loss": 1.0}]
    assert metrics == {"loss": 1.0}


def test_what_a_listener_prints_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    loud = Listener("genzoo_step_ended", "a", lambda: print("hello"), ())
    Events([loud], note=pytest.fail).send("genzoo_step_ended")
    assert capsys.readouterr() == ("", "hello\n")
