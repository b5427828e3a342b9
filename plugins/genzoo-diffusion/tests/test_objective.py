"""The loss against the closed form, and what it draws."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gaussian import GaussianData
from genzoo import BatchNoise, CapabilityError
from genzoo_diffusion.conditioning import NO_CLASS
from genzoo_diffusion.configs import DenoisingConfig
from genzoo_diffusion.objective import DenoisingObjective, draw_times, hide


@pytest.fixture
def make_objective(make_context, make_architecture):
    def make(architecture=None, **config):
        return DenoisingObjective(
            DenoisingConfig(**config), make_context(architecture or make_architecture())
        )

    return make


class Exact(nn.Module):
    """The perfect denoiser of Gaussian data."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def forward(self, x, t, labels=None):
        return self.data.velocity(x.flatten(1), t).reshape(x.shape)


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_loss_of_the_perfect_denoiser_is_the_least_one(
    make_architecture, make_objective, make_step, schedule
):
    generator = make_architecture(schedule=schedule).build()["generator"]
    data = GaussianData(0.3, 0.5, generator.process)
    generator.denoiser = Exact(data)
    x = data.draw(20_000, 1, 4, 4, seed=1)
    loss = make_objective().loss(make_step(generator, x))["velocity"]
    least = 16 * data.least_error(torch.arange(1, 51)).mean()
    assert loss.shape == (20_000,)
    assert float(loss.mean()) == pytest.approx(float(least), rel=0.01)


def test_any_other_denoiser_loses_more(make_architecture, make_objective, make_step):
    generator = make_architecture().build()["generator"]
    data = GaussianData(0.3, 0.5, generator.process)
    x = data.draw(20_000, 1, 4, 4, seed=1)
    losses = []
    for mean, deviation in ((0.3, 0.5), (0.4, 0.5), (0.3, 0.7)):
        generator.denoiser = Exact(GaussianData(mean, deviation, generator.process))
        losses.append(float(make_objective().loss(make_step(generator, x))["velocity"].mean()))
    assert losses[0] == min(losses)
    assert losses[1] > losses[0] * 1.02
    assert losses[2] > losses[0] * 1.02


def test_loss_is_one_value_per_sample_of_its_own(
    make_architecture, make_objective, make_step, labels
):
    generator = make_architecture().build()["generator"]
    x = torch.zeros(6, 1, 16, 16, requires_grad=True)
    make_objective().loss(make_step(generator, x, labels))["velocity"][2].backward()
    reached = x.grad.abs().amax(dim=(1, 2, 3)) > 0
    assert reached.tolist() == [False, False, True, False, False, False]


def test_draws_come_from_the_steps_streams_alone(
    make_architecture, make_objective, make_step, labels
):
    generator = make_architecture().build()["generator"]
    losses = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        losses.append(make_objective().loss(make_step(generator, labels=labels))["velocity"])
    assert torch.equal(*losses)


@pytest.mark.parametrize("timesteps", [50, 1000, 4001])
def test_times_are_equally_likely_from_one_to_the_last(timesteps):
    t = draw_times(BatchNoise(400_000, 0), timesteps)
    assert int(t.min()) == 1
    assert int(t.max()) == timesteps
    assert float(t.double().mean()) == pytest.approx((timesteps + 1) / 2, rel=0.005)
    tenths = torch.histc(t.float(), 10, 0.5, timesteps + 0.5) / len(t)
    torch.testing.assert_close(tenths, torch.full((10,), 0.1), rtol=0.03, atol=0)


class AlmostOne(BatchNoise):
    """The greatest float32 below 1."""

    def uniform(self, *shape):
        return torch.full((self.count, *shape), 1.0).nextafter(torch.zeros(1))


def test_the_greatest_uniform_number_gives_the_last_time():
    for timesteps in range(50, 10_001):
        assert int(draw_times(AlmostOne(1, 0), timesteps)) == timesteps


def test_as_many_labels_are_hidden_as_asked():
    labels = torch.arange(100_000) % 3
    hidden = hide(labels, BatchNoise(100_000, 0), 0.1)
    gone = hidden == NO_CLASS
    assert float(gone.double().mean()) == pytest.approx(0.1, abs=0.005)
    assert torch.equal(hidden[~gone], labels[~gone])
    assert torch.equal(hide(labels, BatchNoise(100_000, 0), 0.0), labels)
    assert hide(None, BatchNoise(4, 0), 0.5) is None


def test_other_generators_are_refused(make_objective):
    with pytest.raises(CapabilityError, match="denoiser"):
        make_objective().check({"generator": nn.Linear(2, 2)})


def test_guidance_needs_hidden_labels(make_architecture, make_objective):
    guided = make_architecture(guidance=2.0)
    with pytest.raises(CapabilityError, match="no label is ever hidden"):
        make_objective(guided, label_dropout=0.0).check(guided.build())
    make_objective(guided, label_dropout=0.2).check(guided.build())
    plain = make_architecture((), guidance=2.0)
    make_objective(plain, label_dropout=0.0).check(plain.build())
