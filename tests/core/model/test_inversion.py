"""Latents of given samples by optimisation."""

import pytest
import torch
from styled_models import gan, styled_gan

from genzoo.errors import UsageError
from genzoo.model.inversion import invert


def test_a_models_own_samples_are_found_again():
    model = gan()
    x = model.sample(3, seed=9)
    found = invert(model, x, steps=150)
    assert not found.styles
    assert found.latents.shape == (3, 4)
    assert found.psnr.min() > 30
    assert torch.equal(found.samples, model.decode(found.latents))


def test_the_ratio_is_that_of_the_samples_it_gives():
    model = gan()
    x = model.sample(2, seed=9)
    found = invert(model, x, steps=3)
    error = ((found.samples - x) / 2).square().flatten(1).mean(1)
    torch.testing.assert_close(found.psnr, -10 * torch.log10(error))


def test_classes_and_batches_are_heeded_and_progress_is_told():
    model = gan(("a", "b"))
    x = model.sample(3, seed=9, labels=["a", "b", "b"])
    told = []
    found = invert(
        model,
        x,
        ["a", "b", "b"],
        steps=60,
        batch_size=2,
        progress=lambda *facts: told.append(facts),
    )
    assert found.psnr.min() > 20
    assert told[-1] == ("Optimising", 120, 120)


def test_styles_are_found_where_a_model_has_them():
    styled = styled_gan()
    x = styled.sample(2, seed=3)
    found = invert(styled, x, steps=200)
    assert found.styles
    assert found.latents.shape == (2, 2, 3)
    assert found.psnr.min() > 25


def test_the_search_leaves_weights_and_random_numbers_alone():
    model = gan()
    x = model.sample(1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.random.get_rng_state()
    first, second = (invert(model, x, steps=5) for _ in range(2))
    assert torch.equal(first.latents, second.latents)
    assert torch.equal(torch.random.get_rng_state(), state)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_nothing_to_find_is_refused():
    model = gan()
    with pytest.raises(UsageError):
        invert(model, model.sample(1)[:0])
    with pytest.raises(UsageError):
        invert(model, model.sample(1), steps=0)
