"""Models whose generator has an inverse: they encode without an encoder, and know densities."""

import math

import pytest
import torch
from toy_flow import genzoo_architectures, genzoo_objectives
from toys import ToyPrior, ToyPriorConfig, toy_registry

from genzoo import CapabilityError, SampleSpec, UsageError
from genzoo.artifact.golden_samples import replay_golden, write_golden
from genzoo.artifact.load import load_model
from genzoo.artifact.save import save_model
from genzoo.model.build import build_model
from genzoo.model.encoding import require_encoder

SHAPE = (1, 2, 3)


@pytest.fixture
def registry():
    registry = toy_registry()
    registry.add_all([*genzoo_architectures(), *genzoo_objectives()], "genzoo-toys", "1.2.3")
    return registry


@pytest.fixture
def flow(registry):
    sample = SampleSpec(shape=SHAPE, classes=("ant", "bee"))
    return build_model(registry, "toy-flow", sample, {}, seed=3)


def test_it_encodes_and_reconstructs(flow):
    z = flow.draw_latents(5)
    x = flow.decode(z, [0, 1, 1, 0, 1])
    assert flow.can_encode
    require_encoder(flow.parts.values(), flow.name)
    torch.testing.assert_close(flow.encode(x, [0, 1, 1, 0, 1], batch_size=2), z)
    torch.testing.assert_close(flow.reconstruct(x, [0, 1, 1, 0, 1]), x)
    assert not torch.allclose(flow.encode(x, [1, 1, 1, 0, 1])[0], z[0], atol=1e-3)


def test_its_density_is_the_gaussian_that_it_makes(flow):
    x = torch.linspace(-1, 1, 24).view(4, *SHAPE)
    labels = torch.tensor([0, 1, 0, 1])
    part = flow.parts["flow"]
    deviation = torch.exp(-part.log_scale.detach())
    mean = (-part.shift.weight.detach() * deviation)[labels].view(4, 1, 1, 3)
    expected = torch.distributions.Normal(mean, deviation).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(flow.log_prob(x, labels, batch_size=3), expected)
    assert not flow.log_prob(x, labels).requires_grad


def test_the_density_can_be_that_of_another_prior(flow):
    prior = ToyPrior(flow.latent_spec, ToyPriorConfig(scale=2.0))
    flow.add_priors({"wide": prior})
    x = flow.decode(torch.zeros(2, *SHAPE))
    narrow, wide = flow.log_prob(x), flow.log_prob(x, prior="wide")
    torch.testing.assert_close(narrow - wide, torch.full((2,), 6 * math.log(2.0)))


def test_the_density_checks_its_samples(flow):
    with pytest.raises(UsageError, match="takes samples of shape"):
        flow.log_prob(torch.zeros(1, 1, 2, 2))
    with pytest.raises(UsageError, match="Labels must be 1 numbers"):
        flow.log_prob(torch.zeros(1, *SHAPE), [2])


def test_models_without_an_inverse_have_no_density(toy_gan, toy_vae):
    for model in (toy_gan, toy_vae):
        with pytest.raises(CapabilityError, match="has no exact density") as caught:
            model.log_prob(model.sample(1))
        assert "flow" in caught.value.hint


def test_the_error_of_a_model_that_cannot_encode_fits_flows_too(toy_gan):
    with pytest.raises(CapabilityError, match="no encoder, and its generator has no inverse"):
        require_encoder(toy_gan.parts.values(), toy_gan.name)


def test_it_survives_the_disk_and_its_golden_samples_hold_latents(flow, registry, tmp_path):
    save_model(flow, tmp_path / "a", registry=registry, preview=False)
    loaded = load_model(tmp_path / "a", registry)
    x = flow.sample(3)
    assert torch.equal(loaded.log_prob(x), flow.log_prob(x))
    write_golden(tmp_path / "golden.safetensors", flow)
    assert set(replay_golden(tmp_path / "golden.safetensors", loaded)) == {"samples", "encoded"}
