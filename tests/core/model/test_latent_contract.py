"""Latents of one model are decoded by another only where they mean the same to it."""

import copy

import pytest
import torch
from toys import toy_registry

import genzoo
from genzoo import LatentSpec, UsageError
from genzoo.model.latent_contract import LatentContract, adapted, contract_of, one_space
from genzoo.specs import UNNAMED

REGISTRY = toy_registry()
Z = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))


def toy(name="toy-vae", seed=0):
    return genzoo.build(name, size=8, seed=seed, registry=REGISTRY)


def latents(space="sd", scale=1.0, shift=0.0, channels=4):
    return LatentSpec(shape=(channels, 8, 8), scaling_factor=scale, shift_factor=shift, space=space)


def test_latents_of_the_same_weights_stay_as_they_are():
    model = toy()
    assert adapted(Z, contract_of(model), toy()) is Z
    half = copy.deepcopy(model)
    with torch.no_grad():
        for weight in half.parameters():
            weight.copy_(weight.half().float())
    assert adapted(Z, contract_of(model), half) is Z


def test_a_prior_more_changes_nothing_about_latents():
    model = toy()
    other = copy.deepcopy(model)
    other.add_priors({"another": other.prior()})
    assert contract_of(other) == contract_of(model)


@pytest.mark.parametrize("other", [toy(seed=1), toy("toy-gan")])
def test_latents_of_other_weights_are_refused(other):
    with pytest.raises(UsageError, match="mean nothing to this genzoo-toys/toy-") as caught:
        adapted(Z, contract_of(toy()), other)
    assert "that encoded them" in caught.value.hint


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (latents(scale=0.18), latents(), True),
        (latents(scale=0.18), latents(scale=0.18), True),
        (latents(scale=0.18, shift=0.1), latents(UNNAMED), True),
        (latents(scale=0.18), latents("xl", scale=0.13), False),
        (latents(UNNAMED, scale=0.18), latents(UNNAMED, scale=0.13), False),
        (latents(UNNAMED, scale=0.18), latents(UNNAMED, scale=0.18, shift=0.1), False),
        (latents(), latents(channels=16), False),
        (latents(""), latents(""), False),
        (latents(""), latents(), False),
    ],
)
def test_spaces_are_one_where_name_channels_and_factors_agree(first, second, same):
    assert one_space(first, second) == one_space(second, first) == same


def test_scale_and_shift_are_undone_and_done():
    model = toy()
    model.architecture.latent = LatentSpec(
        shape=(6,), scaling_factor=0.5, shift_factor=-1.0, space="sd"
    )
    scaled = LatentSpec(shape=(6,), space="sd")
    given = LatentContract(architecture="a/b", weights="sha256:0", latent=scaled)
    # In the diffusion model's units: (raw + 1) / 2.
    torch.testing.assert_close(adapted(Z, given, model), 2 * Z - 1)
    back = contract_of(model)
    model.architecture.latent = scaled
    with torch.no_grad():
        next(iter(model.parameters())).add_(1.0)
    torch.testing.assert_close(adapted(2 * Z - 1, back, model), Z)
