"""The objective `autoencoder`."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import genzoo
from genzoo import (
    Batch,
    CapabilityError,
    FeatureNetwork,
    SampleSpec,
    StandardNormal,
    Step,
    Term,
    TrainingContext,
)
from genzoo.interfaces.vital_signs import CodeUse, LatentUse, Separation
from genzoo.training.phase_runner import PhaseEngine
from genzoo_metrics.likelihood_bound import LikelihoodBound
from genzoo_vae.autoencoders.architectures import KLAutoencoder, VQAutoencoder
from genzoo_vae.autoencoders.configs import KLAutoencoderConfig, VQAutoencoderConfig
from genzoo_vae.autoencoding.equivariance import Transform, choose_transform
from genzoo_vae.autoencoding.objective import AutoencoderObjective
from genzoo_vae.autoencoding.patch_discriminator import PatchDiscriminator, hinge_losses
from genzoo_vae.autoencoding.perceptual import PerceptualDistance
from genzoo_vae.configs import AutoencoderConfig, ELBOConfig, IWAEConfig
from genzoo_vae.elbo import ELBO
from genzoo_vae.iwae import IWAE

SAMPLE = SampleSpec(shape=(3, 16, 16))
SMALL = {"widths": (4, 8), "layers": 1, "groups": 2, "tile": 64}


def kl_autoencoder():
    return KLAutoencoder(KLAutoencoderConfig(latent_channels=2, **SMALL), SAMPLE)


def vq_autoencoder(**options):
    config = VQAutoencoderConfig(codes=8, code_dim=2, **SMALL, **options)
    return VQAutoencoder(config, SAMPLE)


def made(architecture, **options):
    """The objective with its networks."""
    context = TrainingContext(architecture.sample, architecture.latent, 100, 4, 10)
    objective = AutoencoderObjective(AutoencoderConfig(perceptual="none", **options), context)
    parts = {**architecture.build(), **objective.parts()}
    objective.check(parts)
    for part in parts.values():
        part.train()
    return objective, parts


def step_of(architecture, parts, index=9, x=None):
    if x is None:
        x = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return Step(
        index=index,
        total=10,
        batch=Batch(x),
        parts=parts,
        prior=StandardNormal(architecture.latent),
    )


@pytest.mark.parametrize(("pixels", "power"), [("l1", 1), ("l2", 2)])
def test_pixel_losses_are_means_over_the_values_of_each_sample(pixels, power):
    architecture = kl_autoencoder()
    objective, parts = made(architecture, pixels=pixels)
    step = step_of(architecture, parts)
    terms = objective.loss(step)
    _, likelihood, x = objective._reconstructed(step)
    expected = (x - likelihood.unclamped_mean()).abs().pow(power).mean((1, 2, 3))
    torch.testing.assert_close(terms["pixels"], expected)


def test_with_likelihood_and_beta_one_the_loss_is_the_negative_elbo():
    architecture = kl_autoencoder()
    objective, parts = made(architecture, pixels="likelihood", beta=1.0)
    step = step_of(architecture, parts)
    terms = objective.loss(step)
    posterior, likelihood, x = objective._reconstructed(step)
    elbo = likelihood.log_prob(x) - posterior.kl().flatten(1).sum(1)
    total = terms["pixels"] + terms["rate"].value * terms["rate"].weight
    torch.testing.assert_close(total * 3 * 16 * 16, -elbo)


def test_the_commitment_is_the_quantisers_penalty():
    architecture = vq_autoencoder()
    objective, parts = made(architecture, commitment=0.5)
    step = step_of(architecture, parts)
    term = objective.loss(step)["commitment"]
    quantised = objective._reconstructed(step)[0].quantised
    assert term.weight == 0.5
    torch.testing.assert_close(term.value, quantised.penalty / math.prod(architecture.latent.shape))
    assert 1 <= step.reported["perplexity"] <= 8
    assert 0 < step.reported["codes_in_use"] <= 1


@pytest.mark.parametrize("architecture", [kl_autoencoder(), vq_autoencoder()])
def test_no_gradient_of_the_discriminator_reaches_the_autoencoder(architecture):
    objective, parts = made(architecture, adversarial=1.0, adversarial_start=0.0)
    step = step_of(architecture, parts)
    terms = objective.judge(step)
    loss = sum(term.mean() for term in terms.values())
    weights = [p for name in ("encoder", "decoder") for p in parts[name].parameters()]
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    assert all(gradient is None for gradient in found)


def test_the_verdict_moves_the_encoder_in_the_autoencoders_own_phase():
    architecture = kl_autoencoder()
    objective, parts = made(architecture, adversarial=1.0, adversarial_start=0.0)
    terms = objective.loss(step_of(architecture, parts))
    weights = list(parts["encoder"].parameters())
    gradients = torch.autograd.grad(terms["verdict"].value.mean(), weights)
    assert any(gradient.abs().sum() > 0 for gradient in gradients)


def test_the_adaptive_weight_makes_both_gradients_of_the_last_layer_alike():
    architecture = kl_autoencoder()
    objective, parts = made(architecture, adversarial=1.0, adversarial_start=0.0)
    for parameter in parts["discriminator"].parameters():
        parameter.data *= 10  # The gradient is then far above the 1e-4 that keeps it finite.
    terms = objective.loss(step_of(architecture, parts))
    last = parts["decoder"].conv_out.weight
    (pixels,) = torch.autograd.grad(terms["pixels"].mean(), last, retain_graph=True)
    (verdict,) = torch.autograd.grad(terms["verdict"].value.mean(), last)
    assert (terms["verdict"].weight * verdict.norm()).item() == pytest.approx(
        pixels.norm().item(), rel=1e-2
    )


def test_the_discriminator_begins_late():
    architecture = kl_autoencoder()
    objective, parts = made(architecture, adversarial=1.0, adversarial_start=0.5)
    judge, trained = objective.phases()
    assert [judge.when(index) for index in (0, 4, 5, 9)] == [False, False, True, True]
    assert "verdict" not in objective.loss(step_of(architecture, parts, index=4))
    assert "verdict" in objective.loss(step_of(architecture, parts, index=5))
    assert trained.when(0)


def test_a_whole_step_moves_every_player_by_its_own_loss():
    architecture = vq_autoencoder()
    objective, parts = made(architecture, adversarial=1.0, adversarial_start=0.0)
    before = {
        name: torch.cat([p.detach().flatten() for p in part.parameters()])
        for name, part in parts.items()
    }
    optimizers = {name: torch.optim.Adam(part.parameters(), 1e-3) for name, part in parts.items()}
    engine = PhaseEngine(objective.phases(), parts, optimizers)
    engine.run(9, lambda: [step_of(architecture, parts)])
    for name, part in parts.items():
        after = torch.cat([p.detach().flatten() for p in part.parameters()])
        assert not torch.equal(before[name], after), name
    assert parts["encoder"].quantiser.updates.item() == 1


class TwoMaps(FeatureNetwork):
    """The image, and its halves."""

    def __init__(self):
        super().__init__()
        self.channels = {"whole": 3, "half": 3}
        self.strides = {"whole": 1, "half": 2}

    def forward(self, x, taps=None):
        maps = {"whole": x, "half": nn.functional.avg_pool2d(x, 2)}
        return [maps[name] for name in taps or self.channels]


def test_the_distance_in_features_is_that_of_unit_vectors_and_trains():
    distance = PerceptualDistance(TwoMaps(), 16)
    x = torch.tensor([3.0, 4.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    y = torch.tensor([0.0, 0.0, 2.0]).view(1, 3, 1, 1).expand(1, 3, 16, 16).clone()
    assert distance(x, 7 * x).item() == pytest.approx(0.0, abs=1e-6)
    # Unit vectors at a right angle are a squared distance of 2 apart, in both maps.
    assert distance(x, y.requires_grad_()).item() == pytest.approx(2.0, rel=1e-5)
    mixed = (x + y).detach().requires_grad_()
    (slope,) = torch.autograd.grad(distance(x, mixed).sum(), mixed)
    assert slope.abs().sum() > 0


def test_turned_and_shrunk_latents_are_compared_with_images_turned_and_shrunk():
    transform = Transform(turns=1, side=4)
    x = torch.arange(16.0).view(1, 1, 4, 4)
    assert torch.equal(Transform(1, 4).of_latent(x), torch.rot90(x, 1, (2, 3)))
    images = torch.randn(2, 3, 32, 32)
    assert transform.of_image(images, 8).shape == (2, 3, 16, 16)
    assert choose_transform(torch.tensor([0.5, 0.9, 0.9]), 0.5, 8) is None
    chosen = choose_transform(torch.tensor([0.4, 0.8, 0.99]), 0.5, 16)
    assert chosen == Transform(3, 4)


def test_equivariance_compares_what_it_decodes_with_the_transformed_image():
    architecture = kl_autoencoder()
    objective, parts = made(architecture, equivariance=1.0)
    seen = set()
    for index in range(6):
        step = Step(
            index=index,
            total=10,
            batch=Batch(torch.randn(4, 3, 16, 16)),
            parts=parts,
            prior=StandardNormal(architecture.latent),
            identity=(index,),
        )
        objective.loss(step)
        _, likelihood, x = objective._reconstructed(step)
        assert likelihood.mean().shape == x.shape
        seen.add(x.shape[-1])
    assert {8, 16} & seen


def test_latent_noise_is_added_before_decoding():
    architecture = vq_autoencoder()
    objective, parts = made(architecture)
    noisy, _ = made(architecture, latent_noise=5.0)
    for part in parts.values():
        part.eval()
    plain = objective._reconstructed(step_of(architecture, parts))[1].unclamped_mean()
    other = noisy._reconstructed(step_of(architecture, parts))[1].unclamped_mean()
    assert not torch.allclose(plain, other)


def test_patches_are_judged_one_by_one_and_samples_by_themselves():
    discriminator = PatchDiscriminator(3, 8, 32)
    x = torch.randn(4, 3, 32, 32)
    logits = discriminator(x)
    assert logits.shape[1] > 1
    torch.testing.assert_close(discriminator(x[:1]), logits[:1], atol=1e-5, rtol=1e-4)
    real, fake = hinge_losses(torch.tensor([[2.0, 0.5]]), torch.tensor([[-3.0, 1.0]]))
    assert (real.item(), fake.item()) == (0.25, 1.0)


def test_signs_of_health_are_those_of_the_latents_and_the_players():
    (units,) = made(kl_autoencoder())[0].vital_signs()
    assert isinstance(units, LatentUse)
    codes, separation = made(vq_autoencoder(), adversarial=0.5)[0].vital_signs()
    assert isinstance(codes, CodeUse)
    assert codes.total == 8
    assert isinstance(separation, Separation)


def test_what_is_for_images_alone_is_refused_elsewhere():
    architecture = kl_autoencoder()
    sounds = SampleSpec(kind="sounds", shape=(1, 64))
    context = TrainingContext(sounds, architecture.latent, 100, 4, 10)
    for options in ({"adversarial": 1.0}, {"equivariance": 0.5}, {"perceptual": "x"}):
        with pytest.raises(CapabilityError, match="is for images"):
            AutoencoderObjective(AutoencoderConfig(**options), context)
    assert AutoencoderObjective(AutoencoderConfig(), context).perceptual is None


def test_the_weight_of_a_term_is_its_own():
    objective, parts = made(kl_autoencoder(), beta=0.5)
    rate = objective.loss(step_of(kl_autoencoder(), parts))["rate"]
    assert isinstance(rate, Term)
    assert rate.weight == 0.5


@pytest.mark.parametrize("quantiser", ["vq", "fsq", "lfq", "rvq"])
def test_every_quantiser_makes_an_autoencoder_that_learns(quantiser):
    torch.manual_seed(0)
    options = {"streams": 2, "levels": (5, 5)}
    architecture = vq_autoencoder(quantiser=quantiser, **options)
    objective, parts = made(architecture)
    x = (
        torch.linspace(-1, 1, 16).expand(4, 3, 16, 16)
        * torch.tensor([1, -1, 0.5, 0])[:, None, None, None]
    )
    optimizers = {name: torch.optim.Adam(part.parameters(), 1e-2) for name, part in parts.items()}
    engine = PhaseEngine(objective.phases(), parts, optimizers)
    losses = []
    for index in range(30):
        engine.run(index, lambda: [step_of(architecture, parts, x=x)])
        losses.append(engine.meter.read()["autoencoder/pixels"])
    assert losses[-1] < 0.6 * losses[0]
    assert architecture.latent.codes > 0


def test_a_learned_scale_is_trained_by_the_likelihood_alone(small):
    context = TrainingContext(small.sample, small.latent, 100, 4, 10)
    parts = small.build()
    with pytest.raises(CapabilityError, match="learns a scale"):
        AutoencoderObjective(AutoencoderConfig(perceptual="none"), context).check(parts)
    config = AutoencoderConfig(perceptual="none", pixels="likelihood")
    AutoencoderObjective(config, context).check(parts)


def test_codes_have_no_density_for_a_bound():
    architecture = vq_autoencoder()
    context = TrainingContext(architecture.sample, architecture.latent, 100, 4, 10)
    for objective in (ELBO(ELBOConfig(), context), IWAE(IWAEConfig(), context)):
        with pytest.raises(CapabilityError, match="these are codes"):
            objective.check(architecture.build())


def test_likelihood_bounds_are_not_asked_of_codes():
    config = {"widths": (4, 8), "groups": 2, "tile": 64}
    applies = LikelihoodBound().applies
    assert not applies(genzoo.build("vq-autoencoder", size=16, config=config))
    assert applies(genzoo.build("kl-autoencoder", size=16, config={**config, "layers": 1}))
