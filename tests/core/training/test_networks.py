"""The networks of a run."""

import pytest
import torch
from torch import nn

from genzoo.fast_convolutions.fast_layers import FastConvTranspose2d
from genzoo.training.components import open_session
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data


@pytest.fixture
def opened(registry, make_plan):
    """Opens a session; keyword arguments go to the training options."""

    def opened(**training):
        planned = PlannedRun.of(make_plan(**training), registry)
        return open_session(planned, load_data(planned, Reporter()))

    return opened


def last_layers(session) -> set[type[nn.Module]]:
    """Of the network in training, of its average and of the model that is saved."""
    generators = (
        session.parts["generator"],
        session.ema.module.get_submodule("generator"),
        session.model.parts["generator"],
    )
    return {type(generator.last) for generator in generators}


def test_a_strangers_convolutions_are_fast_in_training_and_in_the_average(opened) -> None:
    assert last_layers(opened()) == {FastConvTranspose2d}


@pytest.mark.parametrize("option", [{"fast_convolutions": False}, {"deterministic": True}])
def test_torchs_own_are_kept_where_they_are_asked_for(opened, option) -> None:
    assert last_layers(opened(**option)) == {nn.ConvTranspose2d}


def test_fast_convolutions_change_no_weight_and_no_name(opened) -> None:
    states = [opened(fast_convolutions=fast).parts for fast in (True, False)]
    for name, part in states[0].items():
        expected = states[1][name].state_dict()
        assert list(part.state_dict()) == list(expected)
        assert all(torch.equal(value, expected[key]) for key, value in part.state_dict().items())
