"""Options of how samples are made, changed for a call and for nothing else."""

from __future__ import annotations

import pytest
import torch
import tunable

import genzoo
from genzoo import CapabilityError, ConfigError, Model, SampleSpec
from genzoo.interfaces.noise import SampleNoise
from genzoo.model.build import build_model
from genzoo.registry import Registry


@pytest.fixture
def model() -> Model:
    registry = Registry()
    registry.add_all(tunable.genzoo_architectures(), "genzoo-tunable", "1")
    return build_model(registry, "tunable", SampleSpec(shape=(3, 8, 8)), {}, seed=1)


def test_an_option_changes_the_samples_of_one_call(model: Model) -> None:
    before = model.sample(5, seed=3)
    stronger = model.sample(5, seed=3, strength=0.9)
    torch.testing.assert_close(stronger, before * 1.8)
    assert torch.equal(model.sample(5, seed=3, mode="mirrored"), before.flip(-1))
    assert torch.equal(model.sample(5, seed=3), before)


def test_decoding_and_walking_take_them_too(model: Model) -> None:
    z = model.draw_latents(4, seed=2)
    torch.testing.assert_close(model.decode(z, strength=0.25), model.decode(z) / 2)
    path = model.interpolate(z[0], z[1], 3)
    torch.testing.assert_close(model.interpolate(z[0], z[1], 3, strength=0.25), path / 2)


def test_options_are_heeded_while_the_model_is_in_training(model: Model) -> None:
    expected = model.sample(3, strength=0.25)
    assert torch.equal(model.train().sample(3, strength=0.25), expected)
    assert model.parts["generator"].training


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_no_tensor_is_copied(model: Model, precision: torch.dtype) -> None:
    model.to(precision)
    pointers = {p.data_ptr() for p in model.parameters()}
    part = model._decoding_part(False, {"strength": 0.1})
    assert {p.data_ptr() for p in part.parameters()} == pointers
    assert part is not model.parts["generator"]


def test_noise_of_a_generator_is_each_samples_own(model: Model) -> None:
    whole = model.sample(7, seed=4, seeds=0.5)
    plain = model.sample(7, seed=4)
    noise = SampleNoise(4, range(7), stream="likelihood").uniform(3, 8, 8)
    torch.testing.assert_close(whole, plain + 0.5 * noise)
    for size in (1, 3):
        torch.testing.assert_close(model.sample(7, seed=4, seeds=0.5, batch_size=size), whole)
    torch.testing.assert_close(model.sample(2, seed=4, seeds=0.5, start=5), whole[5:])


def test_what_is_no_sampling_option_is_refused_with_those_that_are(model: Model) -> None:
    with pytest.raises(CapabilityError, match="no sampling option 'width'") as caught:
        model.sample(1, width=8)
    assert caught.value.hint == "It has: strength, mode, seeds."
    with pytest.raises(CapabilityError, match="no sampling option 'sampler'") as caught:
        genzoo.build("dcgan", size=16).sample(1, sampler="euler")
    assert caught.value.hint == "Leave it out."


def test_values_are_held_to_the_bounds_and_to_each_other(model: Model) -> None:
    with pytest.raises(ConfigError, match=r"'strength'.*less than or equal to 1"):
        model.sample(1, strength=2.0)
    with pytest.raises(ConfigError, match="a mirror loses some strength"):
        model.sample(1, strength=1.0, mode="mirrored")
