"""What must hold of every bundled objective on every architecture it fits."""

import numpy as np
import pytest
import torch
from pairs import SMALL, fitting_pairs

from genzoo.errors import CapabilityError
from genzoo.training.config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.engine import PhaseEngine
from genzoo.training.folder import RunFolder
from genzoo.training.reporter import Reporter
from genzoo.training.session import open_session, restore_session, session_tensors
from genzoo.training.start import load_data, train_run
from genzoo.training.trainer import Trainer

PAIRS = list(fitting_pairs())

SHIFT_INVARIANT = {"hinge", "wgan-gp", "r3gan"}
"""Losses of differences of logits (hinge: within its margin), where a common shift cancels."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "noise.npz"
    images = rng.integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(24) % 3)
    return path


@pytest.fixture
def open_trainer(data, bundled, tmp_path):
    def opened(architecture, objective, name="run"):
        plan = RunPlan(
            architecture=architecture,
            architecture_config=SMALL[architecture],
            objective=objective,
            data=DataConfig(data=str(data), conditional=True),
            training=TrainingConfig(steps=8, batch_size=6, device="cpu", precision="fp32"),
        )
        session = open_session(plan, load_data(plan, bundled, Reporter()), bundled)
        folder = RunFolder(tmp_path / name)
        folder.create()
        return Trainer(session, folder, Reporter())

    return opened


def markers(parts, trains):
    """Give every other player's parameters a gradient that must survive."""
    kept = {}
    for name, part in parts.items():
        if name not in trains:
            for key, parameter in part.named_parameters():
                parameter.grad = torch.full_like(parameter, 3.0)
                kept[name, key] = parameter
    return kept


@pytest.mark.parametrize(("architecture", "objective"), PAIRS)
def test_no_phase_touches_another_players_gradients_or_weights(
    open_trainer, architecture, objective
):
    trainer = open_trainer(architecture, objective)
    session = trainer.session
    for phase in session.engine.phases:
        kept = markers(session.parts, phase.trains)
        before = {key: parameter.detach().clone() for key, parameter in kept.items()}
        alone = PhaseEngine([phase], session.parts, session.optimizers)
        alone.run(0, trainer._draw)
        for key, parameter in kept.items():
            assert torch.equal(parameter.grad, torch.full_like(parameter, 3.0)), (phase.name, key)
            assert torch.equal(parameter.detach(), before[key]), (phase.name, key)
        for part in session.parts.values():
            part.zero_grad(set_to_none=True)


@pytest.mark.parametrize(("architecture", "objective"), PAIRS)
def test_every_parameter_learns(open_trainer, architecture, objective):
    trainer = open_trainer(architecture, objective)
    before = {
        (name, key): parameter.detach().clone()
        for name, part in trainer.session.parts.items()
        for key, parameter in part.named_parameters()
    }
    trainer.advance(6)
    unmoved = [
        (name, key)
        for name, part in trainer.session.parts.items()
        for key, parameter in part.named_parameters()
        if torch.equal(parameter, before[name, key])
    ]
    cancels = {("discriminator", "last.bias")} if objective in SHIFT_INVARIANT else set()
    assert set(unmoved) <= cancels


@pytest.mark.parametrize(("architecture", "objective"), PAIRS)
def test_resume_is_bit_exact(open_trainer, architecture, objective):
    from genzoo.training.checkpoint import Checkpoint

    whole = open_trainer(architecture, objective, "whole")
    whole.advance(3)
    saved = {
        group: {name: tensor.detach().clone() for name, tensor in tensors.items()}
        for group, tensors in session_tensors(whole.session).items()
    }
    resumed = open_trainer(architecture, objective, "resumed")
    restore_session(resumed.session, Checkpoint(whole.step, whole.drawn, saved))
    resumed.step, resumed.drawn = whole.step, whole.drawn
    whole.advance(3)
    resumed.advance(3)
    assert whole.drawn == resumed.drawn
    other = session_tensors(resumed.session)
    for group, tensors in session_tensors(whole.session).items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, other[group][name]), f"{group}/{name}"


@pytest.mark.parametrize("objective", ["wgan-gp", "r3gan"])
def test_penalties_refuse_a_discriminator_that_couples_the_batch(open_trainer, objective):
    with pytest.raises(CapabilityError, match="batch norm") as caught:
        open_trainer("dcgan", objective)
    assert "convgan" in caught.value.hint


@pytest.mark.parametrize(
    ("architecture", "objective"), [("conv-vae", "gan"), ("convgan", "elbo"), ("r3gan", "iwae")]
)
def test_objectives_of_the_other_family_are_refused(
    data, bundled, tmp_path, architecture, objective
):
    plan = RunPlan(architecture=architecture, objective=objective, data=DataConfig(data=str(data)))
    with pytest.raises(CapabilityError, match="lacks"):
        train_run(plan, tmp_path / "run", bundled)
