"""The flow of points: a density that can be checked against what is known of the plane."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import genzoo
from exact import check_volume, stirred
from genzoo_flow.configs import PointRealNVPConfig
from genzoo_flow.point_architecture import PointRealNVP


@pytest.fixture
def wild():
    """A conditional flow of points in [-2, 2] whose steps all do something."""
    model = genzoo.build(
        "realnvp-points",
        kind="points",
        extent=2.0,
        classes=("a", "b"),
        config={"couplings": 4, "width": 8, "blocks": 1},
    )
    stirred(model, 0.15)
    return model


def test_the_density_is_exact(wild):
    x = 4 * torch.rand(5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 2
    check_volume(wild.parts["flow"].inverse, x, torch.tensor([0, 1, 0, 1, 0]))


def test_there_and_back(wild):
    z = wild.draw_latents(50).double()
    labels = torch.arange(50) % 2
    x = wild.decode(z, labels)
    assert x.abs().max() <= 2
    torch.testing.assert_close(wild.encode(x, labels), z, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("label", [0, 1])
def test_the_density_integrates_to_one(wild, label):
    side = 400
    middles = (torch.arange(side, dtype=torch.float64) + 0.5) / side * 4 - 2
    x = torch.cartesian_prod(middles, middles)
    density = wild.log_prob(x, [label] * len(x), batch_size=20_000).exp()
    assert density.max() > 5 * density.mean()
    assert density.sum().item() * (4 / side) ** 2 == pytest.approx(1, abs=1e-3)


def test_it_learns_a_gaussian_to_within_its_entropy(tmp_path):
    """What it pays above the entropy is KL(data || model): never negative, and soon small."""
    transform = np.array([[1.0, 0.0], [0.9, 0.4]])
    rng = np.random.default_rng(0)
    train, test = (rng.standard_normal((20_000, 2)) @ transform.T for _ in range(2))
    np.savez(tmp_path / "gaussian.npz", points=train)
    result = genzoo.train(
        *("realnvp-points", tmp_path / "gaussian.npz", tmp_path / "run"),
        config={"couplings": 6, "width": 24, "blocks": 1},
        objective_config={"learning_rate": 5e-3},
        extent=8.0,
        steps=300,
        batch_size=256,
        ema=0.95,
        device="cpu",
        precision="fp32",
        snapshot_every=1000,
    )
    model = genzoo.load(result.artifact)
    x = torch.tensor(test, dtype=torch.float32)
    covariance = torch.tensor(transform @ transform.T)
    exact = torch.distributions.MultivariateNormal(torch.zeros(2).double(), covariance)
    learned = model.log_prob(x, batch_size=5000)
    gap = (exact.log_prob(x.double()) - learned).mean().item()
    assert -0.005 < gap < 0.03
    entropy = math.log(2 * math.pi * math.e) + 0.5 * math.log(np.linalg.det(covariance))
    assert -learned.mean().item() == pytest.approx(entropy, abs=0.05)


@pytest.mark.parametrize(("kind", "shape"), [("image", (2,)), ("points", (3,))])
def test_other_samples_are_refused(kind, shape):
    sample = genzoo.SampleSpec(kind=kind, shape=shape)
    with pytest.raises(genzoo.SpecError, match=f"models points, not {kind} of shape"):
        PointRealNVP(PointRealNVPConfig(), sample)
