"""Sampling, encoding and decoding."""

import pytest
import torch
from torch import nn

from genzoo import CapabilityError, Generator, Model, SampleSpec, UsageError
from genzoo.errors import UnknownNameError
from genzoo.model.batches import evaluating
from genzoo.model.build import build_model


@pytest.fixture
def conditional(registry):
    sample = SampleSpec(shape=(3, 4, 4), classes=("ant", "bee", "cow"))
    return build_model(registry, "toy-gan", sample, {}, seed=3)


class Stack(Generator):
    def __init__(self, latent_dim):
        super().__init__()
        self.layers = nn.Sequential(nn.ConvTranspose2d(latent_dim, 3, 8), nn.BatchNorm2d(3))
        self.layers[1].running_mean.fill_(0.5)

    def forward(self, z, labels=None):
        return self.layers(z[:, :, None, None])


@pytest.fixture
def conv_model(toy_gan):
    parts = {"generator": Stack(toy_gan.latent_spec.shape[0])}
    return Model(toy_gan.architecture_name, toy_gan.architecture, parts)


def close(a, b):
    torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


def test_sample_i_depends_on_the_seed_and_i_alone(toy_gan):
    whole = toy_gan.sample(20, seed=5)
    assert whole.shape == (20, 3, 8, 8)
    for batch_size in (1, 3, 7, 20, 64):
        close(toy_gan.sample(20, seed=5, batch_size=batch_size), whole)
    for count in (1, 2, 13):
        close(toy_gan.sample(count, seed=5), whole[:count])
    close(toy_gan.sample(6, seed=5, start=14), whole[14:])
    assert not torch.allclose(toy_gan.sample(20, seed=6), whole)


def test_conditional_samples_do_not_depend_on_the_count_either(conditional):
    whole = conditional.sample(10, seed=5)
    close(conditional.sample(4, seed=5, start=5, batch_size=3), whole[5:9])


@pytest.mark.parametrize("training", [False, True])
def test_sampling_changes_nothing(toy_gan, training):
    toy_gan.train(training)
    toy_gan.parts["generator"].norm.eval()
    modes = [module.training for module in toy_gan.modules()]
    before = {name: tensor.clone() for name, tensor in toy_gan.state_dict().items()}
    random_state = torch.random.get_rng_state()
    toy_gan.sample(5)
    assert all(torch.equal(tensor, before[name]) for name, tensor in toy_gan.state_dict().items())
    assert [module.training for module in toy_gan.modules()] == modes
    assert torch.equal(torch.random.get_rng_state(), random_state)


def test_sampling_in_training_mode_gives_the_same(toy_gan, toy_vae):
    for model in (toy_gan, toy_vae):
        expected = model.sample(5)
        assert torch.equal(model.train().sample(5), expected)
    x = toy_vae.sample(5)
    assert torch.equal(toy_vae.train().encode(x), toy_vae.eval().encode(x))


def test_samples_can_be_trained_on(toy_gan):
    x = toy_gan.sample(4)
    assert not x.requires_grad
    layer = nn.Linear(192, 1)
    layer(x.flatten(1)).sum().backward()
    assert layer.weight.grad is not None


def test_labels(conditional):
    close(conditional.sample(5), conditional.sample(5, labels=[0, 1, 2, 0, 1]))
    close(conditional.sample(2, start=4), conditional.sample(2, start=4, labels=[1, 2]))
    zeros = conditional.sample(3, labels=torch.zeros(3, dtype=torch.long))
    assert not torch.allclose(zeros, conditional.sample(3, labels=[1, 1, 1]))


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 3], [-1, 0, 0]])
def test_labels_that_make_no_sense(conditional, labels):
    with pytest.raises(UsageError, match="Labels must be 3 numbers from 0 to 2"):
        conditional.sample(3, labels=labels)


def test_labels_by_name_are_those_by_number(conditional):
    numbered = conditional.sample(3, labels=[2, 0, 1])
    close(numbered, conditional.sample(3, labels=["cow", "ant", "bee"]))
    close(conditional.sample(3, labels="cow"), conditional.sample(3, labels=[2, 2, 2]))
    z = conditional.draw_latents(2)
    close(conditional.decode(z, ["bee", "cow"]), conditional.decode(z, [1, 2]))
    with pytest.raises(UnknownNameError, match="no class named 'dog'"):
        conditional.sample(1, labels="dog")
    with pytest.raises(UsageError, match="must be 3 numbers"):
        conditional.sample(3, labels=["cow", "ant"])


def test_a_label_is_a_name_where_names_look_like_numbers(registry):
    sample = SampleSpec(shape=(3, 4, 4), classes=("0", "3", "6", "9"))
    model = build_model(registry, "toy-gan", sample, {}, seed=3)
    close(model.sample(1, labels=["3"]), model.sample(1, labels=[1]))
    with pytest.raises(UnknownNameError, match="no class named '1'"):
        model.sample(1, labels=["1"])


def test_labels_for_a_model_without(toy_gan):
    with pytest.raises(CapabilityError, match="without classes"):
        toy_gan.sample(2, labels=[0, 0])


def test_truncation_shrinks_latents(toy_gan):
    latents = toy_gan.draw_latents(4)
    close(toy_gan.draw_latents(4, truncation=0.5), latents * 0.5)
    close(toy_gan.sample(4, truncation=0.5), toy_gan.decode(latents * 0.5))
    for factor in (0.0, -1.0, 1.5):
        with pytest.raises(UsageError, match="truncation"):
            toy_gan.sample(1, truncation=factor)


def test_priors(toy_vae):
    latents = toy_vae.draw_latents(500, prior="shifted")
    assert latents.mean().item() == pytest.approx(3.0, abs=0.05)
    assert latents.std().item() == pytest.approx(0.5, abs=0.05)
    close(toy_vae.sample(3, prior="default"), toy_vae.sample(3))
    with pytest.raises(UnknownNameError, match="'shiftd'") as caught:
        toy_vae.sample(1, prior="shiftd")
    assert "shifted" in caught.value.hint


@pytest.mark.parametrize(
    "arguments",
    [{"count": 0}, {"count": -1}, {"count": 1, "start": -1}, {"count": 2, "batch_size": 0}],
)
def test_counts_that_make_no_sense(toy_gan, arguments):
    with pytest.raises(UsageError):
        toy_gan.sample(**arguments)


def test_reconstruction_is_decoding_what_was_encoded(toy_vae):
    x = toy_vae.sample(5)
    z = toy_vae.encode(x)
    assert z.shape == (5, 6)
    close(toy_vae.encode(x, batch_size=2), z)
    close(toy_vae.reconstruct(x), toy_vae.decode(z))


def test_a_gan_cannot_encode(toy_gan):
    assert not toy_gan.can_encode
    x = toy_gan.sample(1)
    with pytest.raises(CapabilityError, match="has no encoder"):
        toy_gan.reconstruct(x)


def test_wrong_shapes(toy_vae):
    with pytest.raises(UsageError, match=r"takes latents of shape \(N, 6\), not \(2, 7\)"):
        toy_vae.decode(torch.zeros(2, 7))
    with pytest.raises(UsageError, match=r"takes samples of shape \(N, 3, 8, 8\), not"):
        toy_vae.encode(torch.zeros(2, 3, 9, 9))
    with pytest.raises(UsageError, match="latents"):
        toy_vae.decode(torch.zeros(0, 6))


def test_interpolation_ends_at_its_ends(toy_gan):
    start, end = toy_gan.draw_latents(2)
    path = toy_gan.interpolate(start, end, 5)
    assert path.shape == (5, 3, 8, 8)
    close(path[[0, -1]], toy_gan.decode(torch.stack([start, end])))


def test_samples_are_in_the_range_of_the_contract(toy_gan, toy_vae):
    for model, low, high in ((toy_gan, -1.0, 1.0), (toy_vae, 0.0, 1.0)):
        assert (model.sample_spec.low, model.sample_spec.high) == (low, high)
        x = model.sample(50)
        assert x.min() >= low
        assert x.max() <= high


def test_it_knows_its_device(toy_gan):
    assert toy_gan.device == torch.device("cpu")
    assert toy_gan.to("meta").device == torch.device("meta")


def test_evaluating_restores_modes_after_an_error(toy_gan):
    toy_gan.train()

    def fail():
        with evaluating(toy_gan):
            assert not toy_gan.parts["generator"].norm.training
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    assert toy_gan.parts["generator"].norm.training


def test_more_than_a_batch_is_sampled_without_normalisation(conv_model, monkeypatch):
    expected = conv_model.sample(12, seed=1)
    before = {name: tensor.clone() for name, tensor in conv_model.state_dict().items()}
    calls = []
    forward = nn.BatchNorm2d.forward
    monkeypatch.setattr(
        nn.BatchNorm2d, "forward", lambda *given: calls.append(1) or forward(*given)
    )
    torch.testing.assert_close(conv_model.sample(12, seed=1, batch_size=5), expected)
    assert calls == []
    assert all(torch.equal(v, before[name]) for name, v in conv_model.state_dict().items())
    conv_model.sample(5, seed=1)
    assert calls == [1]
