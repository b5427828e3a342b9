"""DDIM with perfect denoisers, whose results are known."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from gaussian import GaussianData, normal
from genzoo import BatchNoise
from genzoo_diffusion.process import StraightPath
from genzoo_diffusion.sampler import ddim, euler, heun
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
    assert NoiseSchedule("cosine", 1000).times(4) == [1000, 750, 500, 250, 0]
    assert NoiseSchedule("cosine", 50).times(50) == list(range(50, -1, -1))
    for steps in (1, 7, 33, 100):
        times = NoiseSchedule("linear", 100).times(steps)
        assert len(times) == steps + 1
        assert times == sorted(set(times), reverse=True)


@pytest.mark.parametrize(("solve", "order"), [(euler, 1), (heun, 2)])
def test_errors_of_the_solvers_fall_with_their_order(solve, order):
    gaussian = GaussianData(0.4, 0.6, StraightPath())
    noise = normal(100, 3, seed=1)
    exact = gaussian.flow(noise)
    errors = [
        float((solve(gaussian.velocity, gaussian.schedule, noise, steps) - exact).abs().mean())
        for steps in (20, 40, 80)
    ]
    for error, next_error in pairwise(errors):
        assert error / next_error > 0.85 * 2**order, errors


@pytest.mark.parametrize("name", NAMES)
def test_heun_is_nearer_for_as_many_steps(name):
    gaussian = data(name, timesteps=10_000)
    noise = normal(100, 3, seed=1)
    exact = gaussian.flow(noise)

    def error(solve, steps):
        made = solve(gaussian.velocity, gaussian.schedule, noise, steps)
        return float((made - exact).abs().mean())

    assert error(heun, 40) < 0.6 * min(error(euler, 40), error(ddim, 40))


@pytest.mark.parametrize("process", [NoiseSchedule("cosine", 1000), StraightPath()])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_ddim_is_exact_for_data_of_one_point(process, steps):
    point = torch.tensor([[0.25, -0.5]], dtype=torch.float64)

    def velocity(x, t):
        return process.velocity(point.expand_as(x), process.noise(x, point, t), t)

    made = ddim(velocity, process, normal(50, 2, seed=6), steps)
    torch.testing.assert_close(made, point.expand_as(made), rtol=0, atol=1e-5)


@pytest.mark.parametrize("solve", [ddim, euler, heun])
def test_noise_that_is_the_data_stays_as_it_is(solve):
    """Data N(0, I) look alike at every time: the exact velocity is zero, and any step is exact."""
    schedule = NoiseSchedule("linear", 1000)
    unit = GaussianData(0.0, 1.0, schedule)
    noise = normal(20, 3, seed=7)
    assert unit.velocity(noise, torch.full((20,), 400)).abs().max() < 1e-6
    made = solve(unit.velocity, schedule, noise, 5)
    if solve is ddim:
        # Sample and noise are estimated and mixed anew: the arc's cosine is what is lost.
        angles = schedule.clock(torch.tensor(schedule.times(5))).double()
        noise = noise * torch.cos(angles.diff()).prod()
    torch.testing.assert_close(made, noise, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("process", [NoiseSchedule("cosine", 1000), StraightPath()])
def test_fresh_noise_in_each_step_gives_the_data_too(process):
    gaussian = GaussianData(0.4, 0.25, process)
    samples = ddim(
        gaussian.velocity,
        process,
        normal(20_000, 2, seed=0),
        400,
        eta=1.0,
        draws=BatchNoise(20_000, 1),
    )
    assert float(samples.mean()) == pytest.approx(0.4, abs=0.01)
    assert float(samples.std()) == pytest.approx(0.25, rel=0.05)
    first = ddim(gaussian.velocity, process, normal(20_000, 2, seed=0), 100)
    correlation = torch.corrcoef(torch.stack([first[:, 0], samples[:, 0]]))[0, 1]
    assert abs(float(correlation)) < 0.1


def test_ancestral_noise_is_ddpms_posterior():
    """With x_0 known, one step draws from q(x_s | x_t, x_0) of Ho et al. 2020, equation 7."""
    schedule = NoiseSchedule("linear", 1000)
    t, s = 600, 500
    schedule.times = lambda steps: [t, s]
    kept_t, kept_s = (schedule.alpha[i].double() ** 2 for i in (t, s))
    known, x = 0.3, torch.full((200_000, 1), 1.1, dtype=torch.float64)

    def velocity(x, t):
        clean = torch.full_like(x, known)
        return schedule.velocity(clean, schedule.noise(x, clean, t), t)

    made = ddim(velocity, schedule, x, 1, eta=1.0, draws=BatchNoise(200_000, 3))
    ratio = kept_t / kept_s
    mean = (kept_s.sqrt() * (1 - ratio) * known + ratio.sqrt() * (1 - kept_s) * 1.1) / (1 - kept_t)
    variance = (1 - kept_s) / (1 - kept_t) * (1 - ratio)
    assert float(made.mean()) == pytest.approx(float(mean), abs=0.005)
    assert float(made.var()) == pytest.approx(float(variance), rel=0.02)
