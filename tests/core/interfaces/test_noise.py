"""Random numbers are a pure function of what names them."""

import pytest
import torch

from genzoo import BatchNoise, SampleNoise
from genzoo.interfaces.noise import derive_seed


def test_seeds_never_change():
    """Published samples depend on these numbers: BLAKE2b of "sample\\x1f0\\x1fi", halved."""
    assert derive_seed("sample", 0, 0) == 6775367306629719495
    assert derive_seed("sample", 0, 1) == 3417720042644671963


def test_seeds_depend_on_every_element_and_the_order():
    identities = [(), (0,), (1,), (0, 1), (1, 0), (0, 1, "a"), ("a", 0, 1), (10,), (1, 0, 0)]
    seeds = {derive_seed(*identity) for identity in identities}
    assert len(seeds) == len(identities)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_rows_do_not_depend_on_their_batch():
    whole = SampleNoise(7, range(10))
    first, second = whole.normal(2, 3), whole.uniform(4)
    for rows in (range(3, 4), range(2, 9), [9, 0, 5]):
        part = SampleNoise(7, rows)
        assert torch.equal(part.normal(2, 3), first[list(rows)])
        assert torch.equal(part.uniform(4), second[list(rows)])


def test_seeds_name_different_sequences():
    assert not torch.equal(SampleNoise(0, [0]).normal(8), SampleNoise(1, [0]).normal(8))
    assert not torch.equal(SampleNoise(0, [0]).normal(8), SampleNoise(0, [1]).normal(8))


def test_rows_are_standard_normal_and_independent():
    z = SampleNoise(0, range(4000)).normal(5)
    assert z.dtype == torch.float32
    assert z.mean(0).abs().max() < 0.06  # 4 standard errors
    assert (z.var(0) - 1).abs().max() < 0.09
    neighbours = torch.corrcoef(torch.stack([z[:-1, 0], z[1:, 0]]))[0, 1]
    assert neighbours.abs() < 0.06


def test_rows_are_uniform():
    u = SampleNoise(0, range(4000)).uniform(2)
    assert u.min() >= 0
    assert u.max() < 1
    assert (u.mean(0) - 0.5).abs().max() < 0.02


def test_no_rows():
    assert SampleNoise(0, []).normal(3).shape == (0, 3)


@pytest.mark.parametrize("draw", ["normal", "uniform"])
def test_a_batch_stream_goes_on(draw):
    noise = BatchNoise(4, seed=3)
    first, second = getattr(noise, draw)(2), getattr(noise, draw)(2)
    assert first.shape == (4, 2)
    assert not torch.equal(first, second)
    again = BatchNoise(4, seed=3)
    assert torch.equal(getattr(again, draw)(2), first)
    assert torch.equal(getattr(again, draw)(2), second)


def test_global_random_state_plays_no_part():
    state = torch.random.get_rng_state()
    torch.manual_seed(1)
    one = SampleNoise(0, [0]).normal(3), BatchNoise(1, 0).normal(3)
    torch.manual_seed(2)
    two = SampleNoise(0, [0]).normal(3), BatchNoise(1, 0).normal(3)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    torch.random.set_rng_state(state)
