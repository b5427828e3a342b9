"""Trackers and listeners of a run: what they are told, and what broken ones cost."""

import json

import numpy as np
import pytest
import torch

from genzoo import Tracker, TrackerSpec
from genzoo.errors import DivergenceError, UnknownNameError, UsageError
from genzoo.events import Listener
from genzoo.interfaces.tracker import RunDescription
from genzoo.plugins.hook_rules import Hooks
from genzoo.plugins.hookspecs import EVENT_HOOKS
from genzoo.registry import Registry
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import read_newest
from genzoo.training.choose_trackers import Trackers, choose_trackers
from genzoo.training.reporter import Reporter

HERE = "tests_of_trackers"
"""The module that the targets below name."""


class Notebook(Tracker):
    """Writes down what it is told, and then spoils it."""

    def __init__(self, run):
        super().__init__(run)
        self.heard = []
        BOOKS.append(self)

    def scalars(self, step, values):
        self.heard.append(("scalars", step, dict(values)))
        values.clear()

    def images(self, step, name, picture):
        self.heard.append(("images", step, name, picture.copy()))
        picture[:] = 0

    def close(self):
        self.heard.append(("close",))


class Second(Notebook):
    pass


class Failing(Notebook):
    def scalars(self, step, values):
        super().scalars(step, values)
        raise SystemExit(4)


class Unborn(Notebook):
    def __init__(self, run):
        raise OSError("no disk")


BOOKS = []


@pytest.fixture(autouse=True)
def _module(monkeypatch):
    """Make this module importable under a name that does not depend on how tests are run."""
    import sys

    monkeypatch.setitem(sys.modules, HERE, sys.modules[__name__])
    BOOKS.clear()


class Notes(Reporter):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def spec(name, target="Notebook", **facts):
    return TrackerSpec(name=name, target=f"{HERE}:{target}", **facts)


def add(registry, *records, distribution="genzoo-books"):
    registry.add_all(records, distribution, "1")


RUN = RunDescription(None, "a", "o", "d", 0, 1)


def test_trackers_are_chosen_by_name_each_once():
    registry = Registry()
    add(registry, spec("one"), spec("two"), spec("auto-three", automatic=True))
    add(registry, spec("two"), distribution="genzoo-other")

    def names(*asked):
        return [entry.full_name for entry in choose_trackers(asked, registry)]

    assert names("auto") == ["genzoo-books/auto-three"]
    assert names("none") == []
    assert names("one", "genzoo-other/two", "one") == ["genzoo-books/one", "genzoo-other/two"]
    assert names("auto", "auto-three") == ["genzoo-books/auto-three"]
    with pytest.raises(UnknownNameError, match="no tracker named 'oen'"):
        names("oen")
    with pytest.raises(UsageError, match="More than one tracker"):
        names("two")


@pytest.mark.parametrize("needed", ["surely_not_there", "surely_not.there", "json.nothing", "."])
def test_a_tracker_whose_package_is_absent_is_not_automatic_and_says_what_it_needs(needed):
    registry = Registry()
    add(registry, spec("lacking", requires=(needed,), automatic=True))
    assert choose_trackers(["auto"], registry) == []
    with pytest.raises(UsageError, match="The tracker 'lacking' needs ") as caught:
        choose_trackers(["lacking"], registry)
    assert caught.value.hint == f"Type: pip install {needed}"


def open_trackers(*records, notes):
    registry = Registry()
    for record in records:
        add(registry, record, distribution=f"genzoo-{record.name}")
    return Trackers(list(registry[TrackerSpec].values()), RUN, notes.append)


def test_what_one_tracker_does_to_its_values_is_unseen_by_the_next():
    notes = []
    trackers = open_trackers(spec("one"), spec("two"), notes=notes)
    values, picture = {"loss": 1.0}, np.ones((2, 2, 3), np.uint8)
    trackers.scalars(3, values)
    trackers.images(3, "samples", picture)
    trackers.close()
    trackers.close()
    assert len(BOOKS) == 2
    for book in BOOKS:
        scalars, images, *rest = book.heard
        assert scalars == ("scalars", 3, {"loss": 1.0})
        assert images[:3] == ("images", 3, "samples")
        assert images[3].min() == 1
        assert rest == [("close",)]
    assert (values, picture.min(), notes) == ({"loss": 1.0}, 1, [])


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("Failing", "SystemExit: 4"),
        ("Unborn", "OSError: no disk"),
        ("Absent", "has no attribute 'Absent'"),
        ("RUN", "'RunDescription' object is not callable"),
        ("dict_of", "is not a genzoo.Tracker"),
    ],
)
def test_a_tracker_that_fails_is_reported_once_and_left_out(target, reason, monkeypatch):
    import sys

    monkeypatch.setattr(sys.modules[HERE], "dict_of", lambda run: {}, raising=False)
    notes = []
    trackers = open_trackers(spec("bad", target), spec("good"), notes=notes)
    for step in (1, 2):
        trackers.scalars(step, {"loss": 1.0})
    trackers.close()
    (note,) = notes
    assert note.startswith("The tracker genzoo-bad/bad no longer follows this run: ")
    assert reason in note
    good = BOOKS[-1]
    assert [what for what, *_ in good.heard] == ["scalars", "scalars", "close"]


def test_trackers_of_one_name_from_two_distributions_both_follow(tmp_path, registry, make_plan):
    add(registry, spec("book"))
    add(registry, spec("book", "Second"), distribution="genzoo-other")
    names = ("genzoo-books/book", "genzoo-other/book")
    train_run(make_plan(tracker=names, steps=2), tmp_path / "run", registry)
    assert {type(book) for book in BOOKS} == {Notebook, Second}


def test_a_tracker_has_the_values_of_the_log(tmp_path, registry, make_plan):
    add(registry, spec("book"))
    train_run(make_plan(tracker=("book",)), tmp_path / "run", registry)
    lines = [
        json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    ]
    (book,) = BOOKS
    scalars = [entry for entry in book.heard if entry[0] == "scalars"]
    assert [(step, values) for _, step, values in scalars] == [
        (line["step"], {k: v for k, v in line.items() if k not in ("step", "samples")})
        for line in lines
    ]
    assert [entry[1:3] for entry in book.heard if entry[0] == "images"] == [
        (step, "samples") for step in (0, 6, 12)
    ]
    assert book.heard[-1] == ("close",)
    assert book.run.total_steps == 12
    assert book.run.settings["training"]["batch_size"] == 16


class Ear:
    """Hears every event with every argument."""

    def __init__(self, heard):
        self.heard = heard

    def listeners(self):
        hooks = Hooks()
        return [
            Listener(
                event,
                "genzoo-ear",
                lambda event=event, **facts: self.hear(event, facts),
                getattr(hooks._pluggy.hook, event).spec.argnames,
            )
            for event in EVENT_HOOKS
        ]

    def hear(self, event, facts):
        self.heard.append((event.removeprefix("genzoo_"), facts))


def test_events_come_in_order_with_their_steps(tmp_path, registry, make_plan):
    heard = []
    registry.listeners.extend(Ear(heard).listeners())
    train_run(make_plan(steps=4, snapshot_every=4), tmp_path / "run", registry)
    assert [(event, facts["step"]) for event, facts in heard] == [
        ("run_started", 0),
        ("snapshot_saved", 0),
        ("step_ended", 1),
        ("step_ended", 2),
        ("metrics_measured", 2),
        ("step_ended", 3),
        ("step_ended", 4),
        ("metrics_measured", 4),
        ("snapshot_saved", 4),
        ("checkpoint_saved", 4),
        ("run_ended", 4),
    ]
    last = heard[-1][1]
    assert (last["interrupted"], last["error"]) == (False, "")
    assert last["run"].folder == tmp_path / "run"
    assert all(facts["path"].exists() for _, facts in heard if "path" in facts)
    heard.clear()
    resume_run(tmp_path / "run", registry, changes={"steps": 6})
    assert heard[0][0] == "run_started"
    assert (heard[0][1]["step"], heard[0][1]["run"].first_step) == (4, 4)
    assert heard[-1][1]["step"] == 6


def test_a_run_that_fails_ends_for_listeners_and_trackers_too(tmp_path, registry, make_plan):
    heard = []
    registry.listeners.extend(Ear(heard).listeners())
    add(registry, spec("book"))
    plan = make_plan(objective_config={"poison_at": 1}, tracker=("book",))
    with pytest.raises(DivergenceError):
        train_run(plan, tmp_path / "run", registry)
    event, facts = heard[-1]
    assert (event, facts["interrupted"]) == ("run_ended", False)
    assert facts["error"].startswith("DivergenceError: Training diverged near step 2")
    assert BOOKS[0].heard[-1] == ("close",)


def test_what_listeners_do_to_random_numbers_moves_no_run(tmp_path, registry, make_plan):
    train_run(make_plan("toy-vae"), tmp_path / "quiet", registry)
    registry.listeners.append(
        Listener("genzoo_step_ended", "genzoo-dice", lambda: torch.rand(3) + np.random.rand(), ())
    )
    reporter = Notes()
    train_run(make_plan("toy-vae"), tmp_path / "noisy", registry, reporter)
    assert not [note for note in reporter.notes if "hears" in note]
    quiet, noisy = (read_newest(tmp_path / name / "checkpoints")[0] for name in ("quiet", "noisy"))
    for group, tensors in quiet.tensors.items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, noisy.tensors[group][name])


def test_broken_ones_are_mentioned_once_and_the_run_goes_on(tmp_path, registry, make_plan):
    def fail():
        raise RuntimeError("no luck")

    for event in ("genzoo_step_ended", "genzoo_run_ended"):
        registry.listeners.append(Listener(event, "genzoo-bad", fail, ()))
    add(registry, spec("bad", "Failing"))
    reporter = Notes()
    result = train_run(make_plan(tracker=("bad",)), tmp_path / "run", registry, reporter)
    assert (result.steps, result.interrupted) == (12, False)
    assert len([note for note in reporter.notes if "genzoo-bad" in note]) == 1
    assert len([note for note in reporter.notes if "genzoo-books/bad" in note]) == 1
