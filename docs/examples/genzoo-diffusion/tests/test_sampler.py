"""DDIM with perfect denoisers, whose results are known."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from gaussian import GaussianData, normal
from genzoo_diffusion.sampler import ddim, sampling_times
from genzoo_diffusion.schedule import NoiseSchedule

NAMES = ["cosine", "linear"]


def data(name="cosine", timesteps=1000):
    return GaussianData(0.4, 0.25, NoiseSchedule(name, timesteps))


@pytest.mark.parametrize("name", NAMES)
def test_noise_becomes_the_data(name):
    gaussian = data(name)
    samples = ddim(gaussian.velocity, gaussian.schedule, normal(50_000, 1, seed=0), 200)
    assert float(samples.mean()) == pytest.approx(0.4, abs=0.005)
    assert float(samples.std()) == pytest.approx(0.25, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_steps_converge_to_the_probability_flow(name):
    gaussian = data(name, timesteps=10_000)
    noise = normal(200, 3, seed=1)
    exact = gaussian.flow(noise)
    errors = [
        float((ddim(gaussian.velocity, gaussian.schedule, noise, steps) - exact).abs().max())
        for steps in (25, 50, 100, 200)
    ]
    for error, next_error in pairwise(errors):
        assert 1.7 < error / next_error < 2.4, errors
    assert errors[-1] < 0.03


def test_trajectory_keeps_its_distance_from_the_mean_in_deviations():
    gaussian = data()
    noise = normal(100, 2, seed=2)
    scores = []

    def watched(x, t):
        alpha = gaussian.schedule.alpha[t].double()[:, None]
        scores.append((x - alpha * gaussian.mean) / gaussian.spread(t))
        return gaussian.velocity(x, t)

    ddim(watched, gaussian.schedule, noise, 1000)
    assert len(scores) == 1000
    for score in scores[::100]:
        torch.testing.assert_close(score, scores[0], rtol=0.01, atol=0.01)


def test_two_points_get_half_of_the_noise_each():
    schedule = NoiseSchedule("cosine", 1000)

    def velocity(x, t):
        alpha, sigma = schedule.alpha[t].double()[:, None], schedule.sigma[t].double()[:, None]
        return (alpha * x - torch.tanh(alpha * x / sigma.square())) / sigma

    samples = ddim(velocity, schedule, normal(20_000, 1, seed=3), 100)
    torch.testing.assert_close(samples.abs(), torch.ones_like(samples), rtol=0, atol=1e-3)
    assert float((samples > 0).double().mean()) == pytest.approx(0.5, abs=0.015)


def test_one_step_gives_the_datas_mean():
    gaussian = data()
    samples = ddim(gaussian.velocity, gaussian.schedule, normal(10, 2, seed=4), 1)
    torch.testing.assert_close(samples, torch.full_like(samples, 0.4), rtol=0, atol=1e-4)


def test_clipping_keeps_samples_within_bounds_and_leaves_others_alone():
    gaussian = data()
    noise = normal(1000, 1, seed=5)
    free = ddim(gaussian.velocity, gaussian.schedule, noise, 50)
    clipped = ddim(gaussian.velocity, gaussian.schedule, noise, 50, (-1.0, 0.5))
    assert float(free.max()) > 0.9
    assert float(clipped.max()) <= 0.5
    wide = ddim(gaussian.velocity, gaussian.schedule, noise, 50, (-9.0, 9.0))
    assert torch.equal(wide, free)


def test_times_start_at_noise_and_end_clean():
    assert sampling_times(1000, 4) == [1000, 750, 500, 250, 0]
    assert sampling_times(50, 50) == list(range(50, -1, -1))
    for steps in (1, 7, 33, 100):
        times = sampling_times(100, steps)
        assert len(times) == steps + 1
        assert times == sorted(set(times), reverse=True)
