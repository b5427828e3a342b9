"""From a name and a configuration to networks."""

import pytest
import torch
from torch import nn

from genzoo import ArchitectureSpec, ConfigError, SampleSpec, SpecError
from genzoo.errors import PluginError, UnknownNameError
from genzoo.model.build import build_architecture, build_model
from genzoo.model.uninitialised import lacks_values, without_values
from genzoo.registry import Registry

SAMPLE = SampleSpec(shape=(3, 8, 8))


def test_the_seed_names_the_initialisation(registry):
    def weights(seed):
        return torch.cat(
            [
                p.flatten()
                for p in build_model(registry, "toy-gan", SAMPLE, {}, seed=seed).parameters()
            ]
        )

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_global_random_state_is_left_alone(registry):
    state = torch.random.get_rng_state()
    build_model(registry, "toy-gan", SAMPLE, {}, seed=1)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_config_reaches_the_architecture(registry):
    entry, architecture = build_architecture(registry, "toy-gan", {"width": 9}, SAMPLE)
    assert entry.full_name == "genzoo-toys/toy-gan"
    assert architecture.config.width == 9
    assert architecture.sample.low == -1.0


def test_errors_are_the_users(registry):
    with pytest.raises(UnknownNameError, match="'toy-gam'") as caught:
        build_model(registry, "toy-gam", SAMPLE, {})
    assert "toy-gan" in caught.value.hint
    with pytest.raises(ConfigError, match="architecture toy-gan has no option 'depth'"):
        build_model(registry, "toy-gan", SAMPLE, {"depth": 1})
    with pytest.raises(SpecError, match="'toy-gan' models image, not audio"):
        build_model(registry, "toy-gan", SampleSpec(kind="audio", shape=(1, 100)), {})


def test_plugins_that_fail_are_named(registry):
    with pytest.raises(PluginError, match="genzoo-toys/toy-gan could not be built: ZeroDivision"):
        build_model(registry, "toy-gan", SAMPLE, {"fails": True})
    with pytest.raises(PluginError, match="could not be built: ValueError"):
        build_model(registry, "toy-gan", SampleSpec(shape=(3, 8)), {})


def test_parts_must_be_those_of_the_record():
    registry = Registry()
    record = ArchitectureSpec(
        name="liar",
        family="gan",
        target="toys:ToyGAN",
        config="toys:ToyConfig",
        parts=("generator",),
        inference=("generator",),
        objective="gan",
    )
    registry.add_all([record], "liars", "1")
    with pytest.raises(PluginError, match="discriminator, generator where its record says gen"):
        build_model(registry, "liar", SAMPLE, {})


def test_a_skeleton_has_shapes_and_no_values():
    state = torch.random.get_rng_state()
    with without_values():
        layer = nn.Linear(3, 4)
        nn.init.normal_(layer.weight)
        nn.init.trunc_normal_(layer.bias)
        layer.drawn = nn.Parameter(torch.randn(2, 5))
        layer.named = nn.Parameter(torch.rand(size=(2, 5)))
    assert layer.weight.is_meta
    assert layer.weight.shape == (4, 3)
    assert layer.drawn.shape == layer.named.shape == (2, 5)
    assert lacks_values(layer)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not lacks_values(nn.Linear(3, 4))


def test_unregistered_tensors_without_values_are_found():
    layer = nn.Identity()
    with without_values():
        layer.loose = [torch.ones(3)]
    assert lacks_values(layer)
