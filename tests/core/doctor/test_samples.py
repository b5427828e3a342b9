"""Samples that are all alike or copies of the data, and models that no longer learn."""

import pytest
import torch

from genzoo.doctor.distances import nearest_others, nearest_shares


def near(rows, distance=0.01, seed=9):
    generator = torch.Generator().manual_seed(seed)
    return rows + distance * torch.randn(rows.shape, generator=generator)


def test_samples_that_are_all_alike_are_a_collapse(found, noise):
    alike = near(noise(1).expand(64, -1))
    finding = found("mode-collapse", samples=alike, real=noise(64, 1))
    assert finding.severity == "problem"
    assert "differ 3% as much as the data" in finding.message


def test_a_few_kinds_that_are_far_apart_are_a_collapse_too(found, noise):
    kinds = near(noise(4).repeat(16, 1))
    assert found("mode-collapse", samples=kinds, real=noise(64, 1))


def test_samples_as_different_as_the_data_are_none(found, noise):
    assert found("mode-collapse", samples=noise(64), real=noise(64, 1)) is None
    softer = 0.5 + 0.6 * (noise(64) - 0.5)
    assert found("mode-collapse", samples=softer, real=noise(64, 1)) is None


def test_small_data_are_compared_with_as_many_samples(found, noise):
    """Of more samples each has a nearer neighbour; that is not a collapse."""
    square, few = noise(1024)[:, :2], noise(64, 1)[:, :2]
    assert found("mode-collapse", samples=square, real=few) is None


def test_data_that_are_all_alike_ask_for_nothing(found, noise):
    alike = noise(1).expand(64, -1)
    assert found("mode-collapse", samples=alike, real=alike) is None


def test_an_untrained_model_is_not_judged(found, noise):
    alike = noise(1).expand(64, -1)
    assert found("mode-collapse", step=499, samples=alike, real=noise(64, 1)) is None


def test_samples_that_become_more_diverse_are_no_collapse_yet(found, noise):
    facts = {"samples": near(noise(1).expand(64, -1), 0.08), "real": noise(64, 1)}
    assert found("mode-collapse", **facts, diversity_before=0.2) is None
    assert found("mode-collapse", **facts, diversity_before=0.26)


def test_weights_that_stay_where_they_are_have_stalled(found):
    finding = found("stalled", moved=2e-6)
    assert finding.severity == "problem"
    assert "changed by 2e-06 of their size" in finding.message


def test_weights_that_move_a_little_have_not(found):
    assert found("stalled", moved=1e-3) is None


def data(rows):
    return lambda: iter(rows.split(7))


def test_copies_of_the_data_are_memorised(found, noise):
    rows = noise(40, 1)
    samples = torch.cat([near(rows[:16]), noise(48, 2)])
    facts = {"real": rows, "data": data(rows), "data_count": 40}
    finding = found("memorisation", samples=samples, **facts)
    assert finding.severity == "problem"
    assert "25% of samples" in finding.message


def test_copies_are_found_among_duplicates(found, noise):
    rows = noise(20, 1).repeat(2, 1)
    facts = {"real": rows, "data": data(rows), "data_count": 40}
    assert found("memorisation", samples=near(rows), **facts)


def test_new_samples_are_not_memorised(found, noise):
    rows = noise(40, 1)
    facts = {"real": rows, "data": data(rows), "data_count": 40}
    assert found("memorisation", samples=noise(64), **facts) is None
    blurred = rows.mean(0) + near(torch.zeros(64, 48))
    assert found("memorisation", samples=blurred, **facts) is None


def test_samples_as_near_as_the_data_are_to_one_another_are_not_memorised(found, noise):
    """Data that come in pairs: a new sample of such a kind lies near one of the data too."""
    kinds = noise(40, 1)
    rows = torch.cat([kinds, near(kinds, 0.02)])
    facts = {"real": rows, "data": data(rows), "data_count": 80}
    assert found("memorisation", samples=near(kinds, 0.02, seed=10), **facts) is None


def test_noisy_copies_are_copies_and_blends_are_none(found, noise):
    """Noise as large as the half of the distance between neighbours hides no copy."""
    rows = noise(40, 1)
    facts = {"real": rows, "data": data(rows), "data_count": 40}
    apart = float(nearest_others(rows).median())
    noisy = near(rows.repeat(2, 1), 0.5 * apart / 48**0.5)
    assert "repeat single samples" in found("memorisation", samples=noisy, **facts).message
    blends = (rows + rows.roll(1, 0)) / 2
    assert found("memorisation", samples=blends, **facts) is None


def test_data_of_one_kind_cannot_be_memorised(found, noise):
    rows = noise(1, 1).repeat(20, 1)
    facts = {"real": rows, "data": data(rows), "data_count": 20}
    assert found("memorisation", samples=near(rows), **facts) is None


def test_the_nearest_and_the_next_are_found_over_all_blocks():
    points = torch.tensor([[0.0], [10.0], [5.0]])
    blocks = [torch.tensor([[1.0], [5.0]]), torch.tensor([[-2.0]]), torch.tensor([[11.0], [9.75]])]
    own = torch.tensor([False, False, True])
    # Of 0 they are 1 and -2, of 10 they are 9.75 and 11, of 5, itself passed over, 1 and 9.75.
    shares = nearest_shares(points, lambda: blocks, own, 0.1)
    assert shares.tolist() == pytest.approx([0.5, 0.25, 4 / 4.75])
    # Where 9.75 and 11 are the same, the next one to 10 is 5.
    shares = nearest_shares(points, lambda: blocks, own, 1.5)
    assert shares.tolist() == pytest.approx([0.5, 0.05, 4 / 4.75])


def words(count, letters=8, seed=0):
    """Rows of that many letters out of 27, as shares of the range."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(27, (count, letters), generator=generator) / 26


def test_repeating_short_words_is_no_memorisation(found):
    """So few and short words come again by chance, whoever makes them."""
    rows = words(64)
    facts = {"samples": rows, "real": rows, "data": data(rows), "data_count": 64}
    assert found("memorisation", **facts) is None
    long = words(64, letters=40)
    facts = {"samples": long, "real": long, "data": data(long), "data_count": 64}
    assert found("memorisation", **facts)


def test_padding_makes_no_word_long(found):
    rows = torch.nn.functional.pad(words(64), (0, 100))
    facts = {"samples": rows, "real": rows, "data": data(rows), "data_count": 64}
    assert found("memorisation", **facts) is None


def test_few_numbers_that_are_no_letters_are_judged(found, noise):
    """Points in the plane never come again by chance."""
    rows = noise(40, 1)[:, :2].contiguous()
    facts = {"samples": rows, "real": rows, "data": data(rows), "data_count": 40}
    assert found("memorisation", **facts)
