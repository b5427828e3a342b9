"""The bundled plugins keep the contract that every plugin has to keep."""

import numpy as np
import pytest

from genzoo import ArchitectureSpec
from genzoo.errors import CapabilityError
from genzoo.plugins.manager import PluginManager, default_manager
from genzoo.records import ObjectiveSpec
from genzoo.training.begin_and_resume import train_run
from genzoo.training.training_config import DataConfig, RunPlan
from genzoo_testing import PluginContract
from genzoo_testing import phase_checks as phases
from genzoo_testing.check_targets import ArchitectureSubject, PairSubject
from genzoo_testing.find_plugin import find_plugin
from genzoo_testing.runner import applies, plan

SHIFT_INVARIANT = {"hinge", "wgan-gp", "r3gan", "projected"}
"""Losses of differences of logits (hinge: within its margin), where a common shift cancels."""

PAIRS = {
    "conv-vae": {"elbo", "iwae"},
    "convgan": {"gan", "lsgan", "hinge", "wgan-gp", "r3gan", "projected"},
    "dcgan": {"gan", "lsgan", "hinge"},
    "fastgan": {"gan", "lsgan", "hinge", "wgan-gp", "r3gan", "projected"},
    "kl-autoencoder": {"autoencoder", "elbo", "iwae"},
    "r3gan": {"gan", "lsgan", "hinge", "wgan-gp", "r3gan", "projected"},
    "spec-vae": {"elbo", "iwae"},
    "stylegan2": {"gan", "lsgan", "hinge", "stylegan2"},
    "stylegan3-r": {"gan", "lsgan", "hinge", "stylegan2"},
    "stylegan3-t": {"gan", "lsgan", "hinge", "stylegan2"},
    "text-vae": {"elbo", "iwae"},
    "tiny-autoencoder": {"autoencoder", "elbo", "iwae"},
    "vq-autoencoder": {"autoencoder"},
}


@pytest.mark.slow
class TestBundled(PluginContract):
    package = "genzoo"


@pytest.fixture(scope="module")
def pairs():
    groups = plan(find_plugin("genzoo", default_manager()))
    return [group.subject for group in groups if isinstance(group.subject, PairSubject)]


def test_every_pair_that_fits_is_checked(pairs):
    checked = {name: set() for name in PAIRS}
    for pair in pairs:
        if applies(pair):
            checked[pair.architecture.entry.record.name].add(pair.objective.record.name)
    assert checked == PAIRS


def test_only_a_bias_that_cancels_has_no_gradient(pairs):
    from genzoo_testing.gradient_checks import gradients

    for pair in pairs:
        name = pair.architecture.entry.record.name, pair.objective.record.name
        if name in {("convgan", "gan"), ("convgan", "hinge"), ("conv-vae", "elbo")}:
            _, _, zero = gradients.run(pair).detail.partition("; always zero: ")
            assert zero == ("discriminator.last.bias" if name[1] in SHIFT_INVARIANT else "")


def test_points_can_be_trained_adversarially():
    """Augmentation, which small data sets of images get, leaves other kinds alone."""
    registry = PluginManager.discover().registry
    record = ArchitectureSpec(
        name="points",
        family="toys",
        target="flaws:Points",
        config="toys:ToyConfig",
        parts=("generator", "discriminator"),
        inference=("generator",),
        objective="gan",
        kinds=("points",),
    )
    registry.add_all([record], "genzoo-points", "1")
    architecture = ArchitectureSubject(
        registry, registry[ArchitectureSpec].find("points"), "points"
    )
    for name in ("gan", "wgan-gp"):
        pair = PairSubject(architecture, registry[ObjectiveSpec].find(name))
        result = phases.losses.run(pair)
        assert result.ok, result.detail


@pytest.mark.parametrize("objective", ["wgan-gp", "r3gan"])
def test_penalties_refuse_a_discriminator_that_couples_the_batch(pairs, objective):
    (pair,) = [pair for pair in pairs if pair.name == f"dcgan with {objective}"]
    with pytest.raises(CapabilityError, match="batch norm") as caught:
        pair.open_session()
    assert "convgan" in caught.value.hint


@pytest.mark.parametrize(
    ("architecture", "objective"), [("conv-vae", "gan"), ("convgan", "elbo"), ("r3gan", "iwae")]
)
def test_objectives_of_the_other_family_are_refused(bundled, tmp_path, architecture, objective):
    data = tmp_path / "noise.npz"
    np.savez(data, images=np.zeros((4, 16, 16, 3), np.uint8))
    plan = RunPlan(architecture=architecture, objective=objective, data=DataConfig(data=str(data)))
    with pytest.raises(CapabilityError, match="lacks"):
        train_run(plan, tmp_path / "run", bundled)
