"""Sampling: what a sample is a function of, guidance, saving and loading."""

from __future__ import annotations

import pytest
import torch

import genzoo
from gaussian import normal
from genzoo_diffusion.sampler import ddim


def latents(count):
    return normal(count, 1, 16, 16, seed=5).float()


def test_samples_have_their_shape_and_range(make_model):
    samples = make_model().sample(5, seed=0)
    assert samples.shape == (5, 1, 16, 16)
    assert samples.abs().max() <= 1.0
    assert samples.std() > 0.05


def test_sample_does_not_depend_on_its_batch(make_model):
    model = make_model()
    together = model.sample(7, seed=3, batch_size=7)
    alone = model.sample(7, seed=3, batch_size=1)
    fewer = model.sample(2, seed=3, start=4)
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-4)
    torch.testing.assert_close(together[4:6], fewer, rtol=0, atol=1e-4)


def test_sampling_changes_nothing_and_repeats(make_model):
    model = make_model()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert torch.equal(model.sample(3, seed=1), model.sample(3, seed=1))
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_labels_are_honoured(make_model):
    model = make_model()
    z = model.draw_latents(1).expand(3, -1, -1, -1)
    out = model.decode(z, [0, 1, 0])
    torch.testing.assert_close(out[0], out[2])
    assert (out[0] - out[1]).abs().max() > 1e-2


def test_guidance_one_is_the_conditional_prediction(make_architecture, labels):
    generator = make_architecture().build()["generator"].eval()
    z = latents(6)
    with torch.no_grad():
        plain = ddim(
            lambda x, t: generator.denoiser(x, t, labels), generator.process, z, 4, (-1.0, 1.0)
        )
        assert torch.equal(generator(z, labels), plain)


def test_guidance_zero_is_the_prediction_without_classes(make_architecture, labels):
    generator = make_architecture(guidance=0.0).build()["generator"].eval()
    z = latents(6)
    with torch.no_grad():
        torch.testing.assert_close(generator(z, labels), generator(z), rtol=0, atol=1e-5)


@pytest.mark.parametrize("guidance", [0.0, 0.5, 3.0])
def test_guided_velocity_is_the_papers_mixture_of_noises(make_architecture, labels, guidance):
    generator = make_architecture(guidance=guidance).build()["generator"].eval()
    x, t = latents(6), torch.tensor([5, 10, 20, 30, 40, 45])
    schedule = generator.process

    def noise(velocity):
        return schedule.noise(x, schedule.clean(x, velocity, t), t)

    with torch.no_grad():
        guided = noise(generator.velocity(x, t, labels))
        told, untold = noise(generator.denoiser(x, t, labels)), noise(generator.denoiser(x, t))
    expected = guidance * told + (1.0 - guidance) * untold
    torch.testing.assert_close(guided, expected, rtol=0, atol=1e-4)


def test_guidance_leaves_unconditional_models_alone(make_architecture):
    generator = make_architecture((), guidance=5.0).build()["generator"].eval()
    z = latents(2)
    with torch.no_grad():
        guided = generator(z)
        generator.guidance = 1.0
        assert torch.equal(generator(z), guided)


def test_sampling_steps_can_change_afterwards(make_model):
    model = make_model()
    few = model.sample(2)
    model.parts["generator"].sampling_steps = 50
    assert not torch.equal(model.sample(2), few)


def test_model_is_differentiable_in_its_latent(make_architecture, labels):
    generator = make_architecture().build()["generator"].eval()
    z = latents(6).requires_grad_()
    generator(z, labels)[0].sum().backward()
    assert z.grad[0].abs().max() > 0
    assert z.grad[1:].abs().max() == 0


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_build_depends_on_the_seed_alone(make_model, schedule):
    first, second = make_model(schedule=schedule), make_model(schedule=schedule)
    torch.manual_seed(77)
    assert torch.equal(first.sample(2), second.sample(2))
    other = genzoo.build("ddpm-unet", size=16, channels=1, config={"width": 8}, seed=2)
    assert other.sample_spec.classes == ()
