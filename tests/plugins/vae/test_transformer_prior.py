"""The transformer over codes."""

import itertools
import math

import pytest
import torch

from genzoo import LatentSpec, SpecError, UsageError
from genzoo.interfaces.noise import BatchNoise, SampleNoise
from genzoo.quantisers.code_training import CodeTraining
from genzoo.quantisers.residual import ResidualQuantiser
from genzoo.quantisers.scalar import FiniteScalarQuantiser
from genzoo_vae.configs import TransformerConfig
from genzoo_vae.transformer_prior import TransformerPrior

SMALL = {"width": 8, "layers": 2, "heads": 2}


def prior_of(quantiser, places, **options):
    """One that is stirred, so that its codes are not equally likely."""
    torch.manual_seed(0)
    latent = LatentSpec(
        shape=(quantiser.dimensions, *places), codes=quantiser.size, streams=quantiser.streams
    )
    prior = TransformerPrior(latent, TransformerConfig(**SMALL, **options))
    for parameter in prior.parameters():
        parameter.data += 0.4 * torch.randn(parameter.shape)
    prior.bind({"encoder": torch.nn.Sequential(quantiser)})
    return prior.eval()


def every_code(size, streams, places):
    """All arrays of codes, (size ** (streams * places), streams, *places)."""
    count = streams * math.prod(places)
    rows = torch.tensor(list(itertools.product(range(size), repeat=count)))
    return rows.view(-1, streams, *places)


@pytest.mark.parametrize(
    ("quantiser", "places"),
    [(FiniteScalarQuantiser([3]), (2, 2)), (ResidualQuantiser(2, 3, 2), (2,))],
)
def test_likelihoods_of_all_codes_of_a_tiny_code_book_add_up_to_one(quantiser, places):
    prior = prior_of(quantiser.eval(), places)
    codes = every_code(quantiser.size, quantiser.streams, places)
    probabilities = (-prior.nats(codes)).exp()
    assert probabilities.sum().item() == pytest.approx(1.0, abs=1e-5)
    assert probabilities.max() > 2 * probabilities.min()


def test_draws_are_as_frequent_as_their_likelihoods():
    prior = prior_of(FiniteScalarQuantiser([3]), (3,))
    codes = every_code(3, 1, (3,))
    expected = (-prior.nats(codes)).exp()
    drawn = prior.draw(BatchNoise(20_000, 1), 1.0).flatten(1)
    numbers = (drawn * torch.tensor([9, 3, 1])).sum(1)
    shares = torch.bincount(numbers, minlength=27) / len(drawn)
    # Four standard errors of a share.
    assert ((shares - expected).abs() < 4 * (expected / len(drawn)).sqrt() + 1e-4).all()


def test_the_log_probability_of_latents_is_that_of_their_codes():
    quantiser = FiniteScalarQuantiser([4, 3])
    prior = prior_of(quantiser, (2, 2))
    codes = torch.randint(quantiser.size, (5, 1, 2, 2))
    torch.testing.assert_close(prior.log_prob(quantiser.decode(codes)), -prior.nats(codes))


def test_the_cache_gives_what_the_whole_sequence_gives():
    prior = prior_of(FiniteScalarQuantiser([5]), (6,))
    x = torch.randn(3, 6, 8)
    cache = []
    pieces = [prior.network(x[:, place : place + 1], cache) for place in range(6)]
    torch.testing.assert_close(torch.cat(pieces, 1), prior.network(x))


def test_a_draw_depends_on_its_number_alone():
    prior = prior_of(FiniteScalarQuantiser([5, 3]), (2, 3))
    together = prior.sample(SampleNoise(4, range(6)))
    assert together.shape == (6, 2, 2, 3)
    assert torch.equal(prior.sample(SampleNoise(4, [5])), together[5:])


def test_temperature_and_top_k_make_codes_likelier():
    quantiser = FiniteScalarQuantiser([5])
    noise = BatchNoise(300, 0)
    free, cold = (prior_of(quantiser, (4,)).draw(BatchNoise(300, 0), t) for t in (1.0, 0.0))
    assert len(cold.flatten(1).unique(dim=0)) == 1
    prior = prior_of(quantiser, (4,))
    assert prior.nats(cold)[0] <= prior.nats(free).min()
    few = prior_of(quantiser, (4,), top_k=1).draw(noise, 1.0)
    assert torch.equal(few, cold)
    fixed = prior_of(quantiser, (4,), temperature=0.5).draw(BatchNoise(300, 0), 1.0)
    assert torch.equal(fixed, prior.draw(BatchNoise(300, 0), 0.5))


def test_truncation_is_the_temperature():
    prior = prior_of(FiniteScalarQuantiser([5]), (4,))
    cold = prior.sample_truncated(BatchNoise(8, 0), 0.3)
    assert torch.equal(cold, prior.quantiser.decode(prior.draw(BatchNoise(8, 0), 0.3)))


def test_learning_comes_near_the_entropy_of_the_codes():
    torch.manual_seed(0)
    # The second code is the first, the third is free: log 4 + 0 + log 4.
    first, third = torch.randint(4, (2, 4000))
    codes = torch.stack([first, first, third], 1).unsqueeze(1)
    prior = prior_of(FiniteScalarQuantiser([4]), (3,))
    config = TransformerConfig(**SMALL, steps=250, batch_size=64, learning_rate=0.02)
    training = CodeTraining(prior, codes, config, seed=0)
    while not training.done:
        training.advance()
    assert prior.nats(codes[:500]).mean().item() == pytest.approx(2 * math.log(4), abs=0.1)


def test_latents_without_codes_or_with_too_many_are_refused():
    with pytest.raises(SpecError, match="these latents have none"):
        TransformerPrior(LatentSpec(shape=(4, 8, 8)), TransformerConfig())
    latent = LatentSpec(shape=(4, 64, 64), codes=16)
    with pytest.raises(SpecError, match="4096 codes") as caught:
        TransformerPrior(latent, TransformerConfig())
    assert "longest=4096" in caught.value.hint


def test_with_classes_each_class_has_a_distribution_of_its_own():
    prior = prior_of(FiniteScalarQuantiser([3]), (2,), classes=("a", "b"))
    codes = every_code(3, 1, (2,))
    of_each = [(-prior.nats(codes, torch.full((9,), label))).exp() for label in (0, 1)]
    for probabilities in of_each:
        assert probabilities.sum().item() == pytest.approx(1.0, abs=1e-5)
    assert (of_each[0] - of_each[1]).abs().max() > 0.01
    with pytest.raises(UsageError, match="needs a label"):
        prior.nats(codes)
    told = prior.of_classes(torch.tensor([1, 0]))
    assert torch.equal(
        told.sample(SampleNoise(0, [3, 4])),
        prior.quantiser.decode(prior.draw(SampleNoise(0, [3, 4]), 1.0, torch.tensor([1, 0]))),
    )


def test_classes_are_learnt():
    torch.manual_seed(0)
    labels = torch.randint(3, (600,))
    codes = labels.view(-1, 1, 1).expand(-1, 1, 2).clone()
    prior = prior_of(FiniteScalarQuantiser([3]), (2,), classes=("a", "b", "c"))
    config = TransformerConfig(**SMALL, steps=120, batch_size=64, learning_rate=0.02)
    training = CodeTraining(prior, codes, config, 0, labels)
    while not training.done:
        training.advance()
    drawn = prior.of_classes(torch.tensor([2, 0, 1])).draw(
        SampleNoise(0, range(3)), 0.0, torch.tensor([2, 0, 1])
    )
    assert drawn.flatten(1).tolist() == [[2, 2], [0, 0], [1, 1]]
