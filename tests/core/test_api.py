"""genzoo from Python."""

from pathlib import Path

import pytest
import torch

import genzoo
from genzoo import ConfigError, UsageError
from genzoo.errors import UnknownNameError
from genzoo.fast_convolutions.fast_layers import FastConvTranspose2d
from genzoo.training import begin_and_resume as start
from genzoo.training.training_config import RunPlan


def test_load(artifact, toy_gan, registry):
    for name in (artifact, str(artifact)):
        model = genzoo.load(name, registry=registry)
        assert torch.equal(model.sample(3), toy_gan.sample(3))


def test_convolutions_of_a_loaded_model_are_fast_unless_torchs_own_are_asked_for(
    artifact, registry
):
    fast, plain = (
        genzoo.load(artifact, registry=registry, fast_convolutions=fast) for fast in (True, False)
    )
    kinds = [type(model.parts["generator"].last) for model in (fast, plain)]
    assert kinds == [FastConvTranspose2d, torch.nn.ConvTranspose2d]
    assert list(fast.state_dict()) == list(plain.state_dict())
    torch.testing.assert_close(fast.sample(70), plain.sample(70), rtol=1e-5, atol=1e-6)


def test_a_path_is_always_a_path(registry):
    with pytest.raises(UnknownNameError, match="There is no folder 'peeps-gan'"):
        genzoo.load(Path("peeps-gan"), registry=registry)


def test_build(registry):
    model = genzoo.build("toy-gan", size=8, channels=1, classes=["a", "b"], registry=registry)
    assert model.sample_spec.classes == ("a", "b")
    assert model.sample(2).shape == (2, 1, 8, 8)
    assert set(model.parts) == {"generator", "discriminator"}
    wider = genzoo.build("toy-gan", size=8, config={"width": 9}, seed=1, registry=registry)
    assert wider.parts["generator"].first.out_features == 9


@pytest.mark.parametrize(
    "arguments", [{"size": 0}, {"channels": -1}, {"classes": ["a", "a"]}, {"config": {"x": 1}}]
)
def test_build_refuses_nonsense(registry, arguments):
    with pytest.raises(UsageError):
        genzoo.build("toy-gan", registry=registry, **arguments)


@pytest.fixture
def plans(monkeypatch):
    """The plans that reach the trainer."""
    seen = []
    monkeypatch.setattr(start, "begin_run", lambda *arguments: seen.append(arguments))
    return seen


def test_train_sorts_its_options(plans):
    genzoo.train(
        "convgan",
        Path("pictures"),
        "runs/x",
        objective="hinge",
        config={"width": 8},
        objective_config={"learning_rate": 0.5},
        steps=7,
        batch_size=3,
        size=32,
        conditional=True,
    )
    planned, out, reporter, *_ = plans[0]
    plan = planned.plan
    assert isinstance(plan, RunPlan)
    assert (plan.architecture, plan.architecture_config) == ("genzoo/convgan", {"width": 8})
    assert (plan.objective, plan.objective_config) == ("genzoo/hinge", {"learning_rate": 0.5})
    assert (plan.data.data, plan.data.options) == (str(Path("pictures").absolute()), {"size": 32})
    assert (plan.data.kind, plan.data.conditional) == ("genzoo/image", True)
    assert (plan.training.steps, plan.training.batch_size) == (7, 3)
    assert (out, reporter) == (Path("runs/x"), None)
    assert planned.architecture_config.width == 8
    assert planned.kind.config.size == 32


def test_train_leaves_the_objective_to_the_architecture(plans):
    genzoo.train("dcgan", "pictures", "runs/x")
    plan = plans[0][0].plan
    assert plan.objective == "genzoo/gan"


def test_train_refuses_nonsense(plans, registry):
    with pytest.raises(UnknownNameError, match="no training option named 'stesp'") as caught:
        genzoo.train("toy-gan", "pictures", "x", registry=registry, stesp=3)
    assert "steps" in caught.value.hint
    with pytest.raises(ConfigError, match="Option 'steps' of the training"):
        genzoo.train("toy-gan", "pictures", "x", registry=registry, steps=0)
    assert plans == []
