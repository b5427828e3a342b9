"""A run is planned once: its kind is chosen once, and each configuration is parsed once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import genzoo
from genzoo import CapabilityError, ConfigError
from genzoo.app.plan_training import plan_training
from genzoo.plugins.manager import PluginManager
from genzoo.training.components import open_session
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data

REGISTRY = PluginManager.discover().registry
SMALL = {
    "training": {"batch_size": 8, "steps": 2, "device": "cpu"},
    "data": {"size": 16},
    "architecture": {"width": 8, "name": "passed over"},
}


@contextmanager
def counted_calls() -> Iterator[Counter[str]]:
    """How often the kind is chosen and each configuration parsed meanwhile."""
    calls: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_name == "choose_kind":
            calls["choose_kind"] += 1
        elif event == "call" and frame.f_code.co_name == "model_validate":
            kind = frame.f_locals["cls"].__name__
            calls[kind] += 1

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def test_a_kind_is_chosen_once_and_each_configuration_is_parsed_once() -> None:
    with counted_calls() as calls:
        planned = plan_training(REGISTRY, "dcgan", "peeps", SMALL)
        session = open_session(planned, load_data(planned, Reporter()))
    assert session.dataset.spec.shape == (3, 16, 16)
    assert calls["choose_kind"] == 1
    configs = {name: count for name, count in calls.items() if name.endswith(("Config", "Options"))}
    assert {"DCGANConfig", "TrainingConfig", "DataConfig", "ImageOptions"} <= set(configs)
    assert set(configs.values()) == {1}, configs


def test_a_plan_spells_everything_out_and_passes_names_over() -> None:
    plan = plan_training(REGISTRY, "dcgan", "peeps", SMALL).plan
    assert (plan.architecture, plan.objective) == ("genzoo/dcgan", "genzoo/gan")
    assert plan.architecture_config == {"width": 8}
    assert (plan.data.data, plan.data.kind) == ("peeps", "genzoo/image")
    assert plan.data.options == {"size": 16}


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        ("architecture", {"width": 0}, "Option 'width' of the architecture dcgan"),
        ("objective", {"x": 1}, "The objective gan has no option 'x'"),
        ("data", {"size": 0}, "Option 'size' of the data"),
        ("data", {"colour": 0}, "The data has no option 'colour'"),
        ("training", {"steps": 0}, "Option 'steps' of the training"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_opened(
    section: str, values: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        plan_training(REGISTRY, "dcgan", "no such data", {section: values})


def test_an_objective_for_other_parts_is_refused_in_the_plan() -> None:
    with pytest.raises(CapabilityError, match="trains the parts"):
        plan_training(REGISTRY, "conv-vae", "peeps", {}, objective="gan")


def test_a_run_goes_on_from_python_as_from_the_command_line(tmp_path: Path) -> None:
    options: dict[str, Any] = {"batch_size": 8, "size": 16, "tracker": ("none",), "log_every": 1}
    first = genzoo.train("dcgan", "peeps", tmp_path, steps=1, config={"width": 8}, **options)
    again = genzoo.train(resume=first.folder, steps=2)
    assert (first.steps, again.steps) == (1, 2)
    with pytest.raises(genzoo.UsageError, match="cannot change seed"):
        genzoo.train(resume=tmp_path, seed=1)
