"""Likelihoods against torch.distributions and against the axioms of probability."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, distributions

from genzoo import (
    BatchNoise,
    Bernoulli,
    Categorical,
    DiscretisedLogistic,
    Gaussian,
    Likelihood,
    SampleNoise,
)
from genzoo.interfaces.likelihoods import LEVELS

SHAPE = (3, 4, 4)


def levels(low: float = -1.0, high: float = 1.0) -> Tensor:
    return torch.linspace(low, high, LEVELS, dtype=torch.float64)


def masses(location: float, log_scale: float, low: float = -1.0, high: float = 1.0) -> Tensor:
    """Log probability of each of the 256 levels."""
    locations = torch.full((LEVELS, 1), location, dtype=torch.float64)
    scale = torch.tensor(log_scale, dtype=torch.float64)
    likelihood = DiscretisedLogistic(locations, scale, low, high)
    return likelihood.log_prob(levels(low, high).unsqueeze(1))


def test_gaussian_log_prob_is_summed_over_dimensions() -> None:
    mean, x, log_variance = torch.randn(5, *SHAPE), torch.randn(5, *SHAPE), torch.tensor(-1.3)
    expected = distributions.Normal(mean, math.exp(-0.65)).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(Gaussian(mean, log_variance).log_prob(x), expected)


def test_gaussian_draws() -> None:
    likelihood = Gaussian(torch.full((4000, 4), 0.25), torch.tensor(0.1).log() * 2)
    draws = likelihood.sample(BatchNoise(4000, 0))
    assert float(draws.mean()) == pytest.approx(0.25, abs=0.005)
    assert float(draws.std()) == pytest.approx(0.1, abs=0.003)
    wide = Gaussian(torch.zeros(100, 4), torch.tensor(2.0), -1.0, 1.0).sample(BatchNoise(100, 0))
    assert wide.min() == -1.0
    assert wide.max() == 1.0


def test_best_single_variance_is_the_mean_squared_error() -> None:
    """Rybkin et al. 2021, equation 5."""
    mean, x = torch.zeros(3, 8, dtype=torch.float64), torch.randn(3, 8, dtype=torch.float64)
    log_variance = x.square().mean().log().requires_grad_()
    Gaussian(mean, log_variance).log_prob(x).sum().backward()
    assert log_variance.grad is not None
    assert float(log_variance.grad) == pytest.approx(0.0, abs=1e-12)


def test_bernoulli_log_prob() -> None:
    logits, x = 4 * torch.randn(5, *SHAPE), torch.rand(5, *SHAPE).round()
    expected = distributions.Bernoulli(logits=logits).log_prob(x).sum((1, 2, 3))
    likelihood = Bernoulli(logits)
    torch.testing.assert_close(likelihood.log_prob(x), expected)
    torch.testing.assert_close(likelihood.mean(), torch.sigmoid(logits))


def test_bernoulli_takes_values_between_and_peaks_at_them() -> None:
    logits = torch.linspace(-3, 3, 601).unsqueeze(1)
    values = Bernoulli(logits).log_prob(torch.full((601, 1), 0.7))
    best = torch.sigmoid(logits[values.argmax()])
    assert float(best) == pytest.approx(0.7, abs=0.002)
    assert Bernoulli(torch.tensor([[200.0], [-200.0]])).log_prob(
        torch.tensor([[1.0], [0.0]])
    ).tolist() == [0.0, 0.0]


def test_bernoulli_draws() -> None:
    likelihood = Bernoulli(torch.full((5000, 4), math.log(3.0)))
    draws = likelihood.sample(BatchNoise(5000, 0))
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    assert float(draws.mean()) == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("log_scale", [-12.0, -6.0, -3.0, 0.0, 2.0])
@pytest.mark.parametrize("location", [-1.0, -0.999, -0.3, 0.0, 1 / 255, 0.77, 1.0])
def test_discretised_logistic_sums_to_one(location: float, log_scale: float) -> None:
    log_masses = masses(location, log_scale)
    assert log_masses.isfinite().all()
    assert float(log_masses.exp().sum()) == pytest.approx(1.0, abs=1e-10)


def test_discretised_logistic_in_another_range() -> None:
    assert float(masses(0.4, -2.0, 0.0, 1.0).exp().sum()) == pytest.approx(1.0, abs=1e-10)


def test_discretised_logistic_is_a_difference_of_distribution_functions() -> None:
    location, scale, half = 0.1, 0.2, 1 / 255
    upper = torch.sigmoid((levels() + half - location) / scale)
    lower = torch.sigmoid((levels() - half - location) / scale)
    upper[-1], lower[0] = 1.0, 0.0
    torch.testing.assert_close(masses(location, math.log(scale)), (upper - lower).log())


def test_discretised_logistic_is_summed_and_takes_the_nearest_level() -> None:
    likelihood = DiscretisedLogistic(torch.zeros(1, 2), torch.tensor(-2.0))
    exact = torch.tensor([[3 / 255, -1.0]])
    parts = masses(0.0, -2.0)
    expected = float(parts[129] + parts[0])
    assert float(likelihood.log_prob(exact)) == pytest.approx(expected, abs=1e-4)
    torch.testing.assert_close(likelihood.log_prob(exact + 0.003), likelihood.log_prob(exact))


def test_discretised_logistic_gradients_are_finite_far_out() -> None:
    location = torch.tensor([[-1.0, 1.0, 1.0, -1.0]], requires_grad=True)
    log_scale = torch.tensor(-6.0, requires_grad=True)
    x = torch.tensor([[1.0, -1.0, 0.0, 0.5]])
    value = DiscretisedLogistic(location, log_scale).log_prob(x)
    value.sum().backward()
    assert value.isfinite().all()
    assert location.grad is not None
    assert location.grad.isfinite().all()
    assert (location.grad.sign() == torch.tensor([[1.0, -1.0, -1.0, 1.0]])).all()
    assert log_scale.grad is not None
    assert log_scale.grad.isfinite()


@pytest.mark.parametrize("log_scale", [-8.0, -4.0, -1.0, 1.0])
@pytest.mark.parametrize("location", [-1.0, -0.5, 0.003, 0.95])
def test_discretised_logistic_mean_to_half_a_bin(location: float, log_scale: float) -> None:
    exact = float((masses(location, log_scale).exp() * levels()).sum())
    likelihood = DiscretisedLogistic(torch.tensor([[location]]), torch.tensor(log_scale))
    assert float(likelihood.mean()) == pytest.approx(exact, abs=1 / 255 + 1e-6)


def test_discretised_logistic_draws() -> None:
    likelihood = DiscretisedLogistic(torch.full((20_000, 1), 0.8), torch.tensor(-1.0))
    draws = likelihood.sample(BatchNoise(20_000, 0))
    index = (draws + 1) * 255 / 2
    torch.testing.assert_close(index, index.round(), rtol=0, atol=1e-3)
    assert float((draws == 1.0).float().mean()) == pytest.approx(
        float(masses(0.8, -1.0)[-1].exp()), abs=0.01
    )
    assert float(draws.mean()) == pytest.approx(float(likelihood.mean()[0]), abs=0.01)


def test_discretised_logistic_of_16_bits_sums_to_one() -> None:
    count = 1 << 16
    location = torch.full((count, 1), 0.3, dtype=torch.float64)
    likelihood = DiscretisedLogistic(
        location, torch.tensor(-5.0, dtype=torch.float64), levels=count
    )
    log_masses = likelihood.log_prob(torch.linspace(-1, 1, count, dtype=torch.float64)[:, None])
    assert float(log_masses.exp().sum()) == pytest.approx(1.0, abs=1e-9)


def test_categorical_log_prob_is_summed_over_dimensions() -> None:
    logits, tokens = 3 * torch.randn(5, 6, 4), torch.randint(4, (5, 6))
    expected = distributions.Categorical(logits=logits).log_prob(tokens).sum(1)
    torch.testing.assert_close(Categorical(logits).log_prob(tokens.float()), expected)


def test_categorical_in_another_range_takes_the_nearest_level() -> None:
    """Levels of 3 between -1 and 1 are -1, 0 and 1."""
    likelihood = Categorical(torch.tensor([[[0.1, 0.2, 0.7]]]).log(), -1.0, 1.0)
    found = [float(likelihood.log_prob(torch.tensor([[x]])).exp()) for x in (-1.0, 0.1, 0.6, 1.0)]
    assert found == pytest.approx([0.1, 0.2, 0.7, 0.7])
    assert float(likelihood.mean()) == pytest.approx(0.6)
    assert float(likelihood.mode()) == 1.0


def test_categorical_draws_have_the_masses_and_never_a_level_ruled_out() -> None:
    masses = torch.tensor([0.0, 0.5, 0.0, 0.2, 0.3, 0.0])
    likelihood = Categorical(masses.log().expand(20_000, 1, 6))
    draws = likelihood.sample(BatchNoise(20_000, 0))
    shares = torch.bincount(draws.long().flatten(), minlength=6) / 20_000
    assert shares[masses == 0].eq(0).all()
    torch.testing.assert_close(shares, masses, rtol=0, atol=0.015)


class EndNoise(BatchNoise):
    """The least uniform number that there is, or the greatest."""

    def __init__(self, count: int, least: bool) -> None:
        super().__init__(count, 0)
        self.least = least

    def uniform(self, *shape: int) -> Tensor:
        return torch.full((self.count, *shape), 0.0 if self.least else 1.0 - 2.0**-24)


@pytest.mark.parametrize("least", [True, False])
def test_draws_at_either_end_of_the_uniform_numbers_can_happen(least: bool) -> None:
    """0 is drawn once in 16 million: it must not choose a level of no mass."""
    ruled_out = torch.tensor([0.0, 0.4, 0.6, 0.0]).log().expand(2, 1, 4)
    never = torch.full((2, 3), -math.inf)
    for likelihood in (Categorical(ruled_out), Bernoulli(never), Bernoulli(-never)):
        draws = likelihood.sample(EndNoise(2, least))
        # A coin that always falls on one side has a log probability of 0 times infinity.
        if isinstance(likelihood, Bernoulli):
            assert torch.equal(draws, likelihood.mode())
        else:
            assert likelihood.log_prob(draws).isfinite().all()
    logistic = DiscretisedLogistic(torch.zeros(2, 3), torch.tensor(-2.0))
    assert logistic.sample(EndNoise(2, least)).isfinite().all()


def test_categorical_keeps_rare_levels_among_many() -> None:
    """The tail of 100,000 equal levels is drawn as often as its head."""
    draws = Categorical(torch.zeros(1, 1, 100_000).expand(400, 1, -1)).sample(BatchNoise(400, 0))
    assert float((draws > 50_000).float().mean()) == pytest.approx(0.5, abs=0.08)


def likelihoods(rows: slice = slice(None)) -> list[Likelihood]:
    raw = torch.linspace(-0.9, 0.8, 30).view(5, 6)[rows]
    return [
        Gaussian(raw, torch.tensor(-2.0)),
        Bernoulli(4 * raw),
        Categorical(4 * raw.view(-1, 2, 3)),
        DiscretisedLogistic(raw, torch.tensor(-2.0)),
    ]


@pytest.mark.parametrize("number", range(4))
def test_temperature_0_draws_the_mode_and_1_is_the_default(number: int) -> None:
    likelihood = likelihoods()[number]
    assert torch.equal(likelihood.sample(BatchNoise(5, 0), 0.0), likelihood.mode())
    warm, plain = likelihood.sample(BatchNoise(5, 0), 1.0), likelihood.sample(BatchNoise(5, 0))
    assert torch.equal(warm, plain)
    assert likelihood.mode().shape == plain.shape


@pytest.mark.parametrize("number", range(4))
def test_a_draw_does_not_depend_on_its_batch(number: int) -> None:
    whole = likelihoods()[number].sample(SampleNoise(3, range(5)))
    alone = likelihoods(slice(3, 4))[number].sample(SampleNoise(3, [3]))
    assert torch.equal(alone, whole[3:4])


def test_temperatures_narrow_as_the_papers_say() -> None:
    """Standard deviations and scales are multiplied, logits divided."""
    count = 20_000
    wide = Gaussian(torch.zeros(count, 1), torch.tensor(0.0))
    assert float(wide.sample(BatchNoise(count, 0), 0.5).std()) == pytest.approx(0.5, abs=0.01)
    coin = Bernoulli(torch.full((count, 1), math.log(3.0)))
    assert float(coin.sample(BatchNoise(count, 0), 0.5).mean()) == pytest.approx(0.9, abs=0.01)
    dice = Categorical(torch.tensor([0.25, 0.75]).log().expand(count, 1, 2))
    assert float(dice.sample(BatchNoise(count, 0), 0.5).mean()) == pytest.approx(0.9, abs=0.01)
    logistic = DiscretisedLogistic(torch.zeros(count, 1), torch.tensor(-3.0))
    expected = math.pi / math.sqrt(3) * math.exp(-3.0) / 2
    draws = logistic.sample(BatchNoise(count, 0), 0.5)
    assert float(draws.std()) == pytest.approx(expected, rel=0.03)
