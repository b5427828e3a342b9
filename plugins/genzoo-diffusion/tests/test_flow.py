"""Flow matching: straight lines, the times that are practised, and the data that come back."""

from __future__ import annotations

import pytest
import torch

from gaussian import GaussianData, normal
from genzoo import BatchNoise, CapabilityError
from genzoo_diffusion.configs import DenoisingConfig, FlowMatchingConfig, FlowUNetConfig
from genzoo_diffusion.objective import DenoisingObjective, FlowMatchingObjective
from genzoo_diffusion.process import StraightPath
from genzoo_diffusion.sampler import ddim, euler, heun
from test_objective import Exact


@pytest.fixture
def flow(make_architecture):
    return make_architecture(kind=FlowUNetConfig)


@pytest.fixture
def make_objective(make_context, flow):
    def make(**config):
        return FlowMatchingObjective(FlowMatchingConfig(**config), make_context(flow))

    return make


def test_clean_sample_and_noise_come_back_from_the_velocity():
    path = StraightPath()
    clean, noise = normal(9, 2, seed=0), normal(9, 2, seed=1)
    t = torch.linspace(0.1, 1, 9, dtype=torch.float64)
    noisy, velocity = path.diffuse(clean, noise, t), path.velocity(clean, noise, t)
    torch.testing.assert_close(path.clean(noisy, velocity, t), clean)
    torch.testing.assert_close(path.noise(noisy, clean, t), noise)
    later = path.diffuse(clean, noise, t + 0.01)
    torch.testing.assert_close((later - noisy) / 0.01, velocity)


@pytest.mark.parametrize("solve", [ddim, euler, heun])
def test_the_exact_velocity_gives_the_gaussian(solve):
    gaussian = GaussianData(0.4, 0.25, StraightPath())
    noise = normal(20_000, 1, seed=0)
    made = solve(gaussian.velocity, gaussian.schedule, noise, 100)
    torch.testing.assert_close(made, gaussian.flow(noise), rtol=0, atol=0.05)
    assert float(made.mean()) == pytest.approx(0.4, abs=0.005)
    assert float(made.std()) == pytest.approx(0.25, rel=0.05)


def test_a_trained_line_finds_the_gaussian():
    """Least squares of the velocity on x_t, at each time, samples the data."""
    path, data = StraightPath(), GaussianData(0.4, 0.25, StraightPath())
    clean, noise = data.draw(200_000, seed=1), normal(200_000, seed=2)
    fits = {}
    for time in path.times(50)[:-1]:
        t = torch.full((200_000,), time, dtype=torch.float64)
        noisy, target = path.diffuse(clean, noise, t), path.velocity(clean, noise, t)
        design = torch.stack([noisy, torch.ones_like(noisy)], 1)
        fits[time] = torch.linalg.lstsq(design, target[:, None]).solution[:, 0]

    def learned(x, t):
        slope, shift = fits[float(t[0])]
        return slope * x + shift

    made = euler(learned, path, normal(20_000, 1, seed=3), 50)
    assert float(made.mean()) == pytest.approx(0.4, abs=0.01)
    assert float(made.std()) == pytest.approx(0.25, rel=0.06)


def test_ddim_along_straight_lines_is_euler():
    gaussian = GaussianData(0.4, 0.25, StraightPath())
    noise = normal(50, 3, seed=4)
    one, two = (solve(gaussian.velocity, gaussian.schedule, noise, 9) for solve in (ddim, euler))
    torch.testing.assert_close(one, two, rtol=0, atol=1e-10)


@pytest.mark.parametrize("times", ["uniform", "logit-normal"])
def test_loss_of_the_perfect_denoiser_is_the_least_one(flow, make_objective, make_step, times):
    generator = flow.build()["generator"]
    data = GaussianData(0.3, 0.5, generator.process)
    generator.denoiser = Exact(data)
    objective, x = make_objective(times=times), data.draw(20_000, 1, 4, 4, seed=1)
    loss = objective.loss(make_step(generator, x))["velocity"]
    t = objective.times(BatchNoise(200_000, 5), generator.process)
    assert float(loss.mean()) == pytest.approx(16 * float(data.least_error(t).mean()), rel=0.02)


def test_logits_of_times_are_normal(make_objective):
    t = make_objective(location=0.5, scale=0.8).times(BatchNoise(200_000, 0), StraightPath())
    logits = torch.logit(t.double())
    assert 0 < float(t.min()) < float(t.max()) < 1
    assert float(logits.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(logits.std()) == pytest.approx(0.8, rel=0.01)


def test_each_objective_is_for_its_own_process(make_architecture, make_context, make_objective):
    ddpm = make_architecture()
    with pytest.raises(CapabilityError, match="not for the process") as caught:
        make_objective().check(ddpm.build())
    assert "flow-unet" in caught.value.hint
    flow = make_architecture(kind=FlowUNetConfig)
    with pytest.raises(CapabilityError, match="not for the process"):
        DenoisingObjective(DenoisingConfig(), make_context(flow)).check(flow.build())
