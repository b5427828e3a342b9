"""Schedules against their definitions, and q(x_t | x_0) by simulation."""

from __future__ import annotations

import math

import pytest
import torch

from gaussian import normal
from genzoo_diffusion.schedule import NoiseSchedule, signal_kept

NAMES = ["cosine", "linear"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("timesteps", [50, 1000, 4000])
def test_signal_falls_from_all_to_almost_none(name, timesteps):
    kept = signal_kept(name, timesteps)
    assert kept.shape == (timesteps + 1,)
    assert kept.dtype == torch.float64
    assert kept[0] == 1.0
    assert (kept.diff() < 0).all()
    assert 0.0 < kept[-1] < 1e-4


def test_cosine_is_the_papers_until_betas_are_capped():
    kept = signal_kept("cosine", 1000)

    def f(t):
        return math.cos((t / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2

    for t in (1, 10, 500, 900, 999):
        assert float(kept[t]) == pytest.approx(f(t) / f(0), rel=1e-9)
    assert float(kept[1000] / kept[999]) == pytest.approx(0.001, rel=1e-9)


def test_linear_is_the_papers():
    kept = signal_kept("linear", 1000)
    product = 1.0
    for t in range(1, 1001):
        product *= 1.0 - (1e-4 + (0.02 - 1e-4) * (t - 1) / 999)
        assert float(kept[t]) == pytest.approx(product, rel=1e-9)
    assert float(kept[-1]) == pytest.approx(4.0e-5, rel=0.02)


def test_linear_adds_as_much_noise_in_fewer_steps():
    few, many = signal_kept("linear", 100), signal_kept("linear", 1000)
    torch.testing.assert_close(few.log()[1:-1], many.log()[10:-1:10], rtol=0.1, atol=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_variance_is_preserved(name):
    schedule = NoiseSchedule(name, 200)
    assert schedule.alpha.dtype == schedule.sigma.dtype == torch.float32
    total = schedule.alpha.square() + schedule.sigma.square()
    torch.testing.assert_close(total, torch.ones(201), rtol=1e-6, atol=0)
    assert (schedule.sigma[1:] > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_one_jump_has_the_moments_of_many_small_steps(name):
    schedule = NoiseSchedule(name, 50)
    kept = signal_kept(name, 50)
    x = torch.full((200_000,), 0.7, dtype=torch.float64)
    for t in range(1, 31):
        beta = 1.0 - kept[t] / kept[t - 1]
        x = (1.0 - beta).sqrt() * x + beta.sqrt() * normal(len(x), seed=t)
    jump = schedule.diffuse(
        torch.full((200_000,), 0.7, dtype=torch.float64),
        normal(200_000, seed=99),
        torch.full((200_000,), 30),
    )
    for draws in (x, jump):
        assert float(draws.mean()) == pytest.approx(0.7 * float(kept[30].sqrt()), abs=0.01)
        assert float(draws.var()) == pytest.approx(float(1.0 - kept[30]), rel=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_clean_sample_and_noise_come_back_from_the_velocity(name):
    schedule = NoiseSchedule(name, 100)
    clean, noise = normal(100, 3, 4, 4, seed=0), normal(100, 3, 4, 4, seed=1)
    t = torch.arange(1, 101)
    noisy = schedule.diffuse(clean, noise, t)
    velocity = schedule.velocity(clean, noise, t)
    back = schedule.clean(noisy, velocity, t)
    torch.testing.assert_close(back, clean, rtol=0, atol=1e-5)
    torch.testing.assert_close(schedule.noise(noisy, clean, t), noise, rtol=0, atol=1e-9)


def test_time_zero_is_clean():
    schedule = NoiseSchedule("cosine", 100)
    clean = normal(5, 2, seed=0)
    zero = torch.zeros(5, dtype=torch.long)
    assert torch.equal(schedule.diffuse(clean, normal(5, 2, seed=1), zero), clean)
