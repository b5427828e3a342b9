"""Architecture conv-vae: shapes, ranges, labels, purity."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn

from genzoo import BatchNoise, SampleSpec, SpecError, Step, TrainingContext, UsageError
from genzoo_vae.configs import ConvVAEConfig, ELBOConfig, IWAEConfig
from genzoo_vae.conv_vae import ConvVAE, channels_of
from genzoo_vae.elbo import ELBO
from genzoo_vae.iwae import IWAE

LIKELIHOODS = ("gaussian", "fixed-gaussian", "bernoulli", "discretised-logistic")


def tiny(size: int = 16, channels: int = 3, classes: tuple[str, ...] = (), **options) -> ConvVAE:
    config = ConvVAEConfig(latent_dim=5, width=4, **options)
    return ConvVAE(config, SampleSpec(shape=(channels, size, size), classes=classes))


def images(architecture: ConvVAE, count: int = 3) -> Tensor:
    sample = architecture.sample
    generator = torch.Generator().manual_seed(1)
    uniform = torch.rand(count, *sample.shape, generator=generator)
    return uniform * (sample.high - sample.low) + sample.low


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [16, 32, 64, 128])
def test_shapes_and_ranges(size: int, channels: int, likelihood: str) -> None:
    architecture = tiny(size, channels, likelihood=likelihood)
    parts = architecture.build()
    x = images(architecture)
    posterior = parts["encoder"](x)
    assert posterior.mode().shape == posterior.kl().shape == (3, *architecture.latent.shape)
    result = parts["decoder"](posterior.rsample(BatchNoise(3, 0)))
    assert result.log_prob(x).shape == (3,)
    for values in (result.mean(), result.sample(BatchNoise(3, 0))):
        assert values.shape == x.shape
        assert values.min() >= architecture.sample.low
        assert values.max() <= architecture.sample.high


def test_tutorial_shapes_at_64_pixels() -> None:
    assert channels_of(4, 64) == [64, 128, 256, 512]
    assert channels_of(5, 64) == [64, 128, 256, 512, 512]
    parts = ConvVAE(ConvVAEConfig(), SampleSpec(shape=(3, 64, 64))).build()
    assert parts["encoder"].hidden.weight.shape == (1024, 512 * 4 * 4)
    assert parts["encoder"].mean.weight.shape == (100, 1024)
    assert parts["decoder"].project[0].weight.shape == (1024, 100)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_range_survives_being_given_back(likelihood: str) -> None:
    architecture = tiny(likelihood=likelihood)
    assert architecture.sample.low == (0.0 if likelihood == "bernoulli" else -1.0)
    assert architecture.sample.high == 1.0
    again = ConvVAE(architecture.config, architecture.sample)
    assert again.sample == architecture.sample


@pytest.mark.parametrize("shape", [(3, 50, 50), (3, 8, 8), (3, 1024, 1024), (3, 32, 256)])
def test_other_sizes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match=r"doubled at least twice"):
        ConvVAE(ConvVAEConfig(), SampleSpec(shape=shape))


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_images_of_any_base_come_back_in_their_shape(likelihood: str) -> None:
    config = ConvVAEConfig(latent_dim=6, width=4, likelihood=likelihood)
    parts = ConvVAE(config, SampleSpec(shape=(4, 24, 16))).build()
    posterior = parts["encoder"](torch.rand(2, 4, 24, 16))
    assert parts["decoder"](posterior.mode()).mean().shape == (2, 4, 24, 16)


@pytest.mark.parametrize(("kind", "shape"), [("audio", (1, 64, 64)), ("image", (64, 64))])
def test_other_kinds_are_refused(kind: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match="models images"):
        ConvVAE(ConvVAEConfig(), SampleSpec(kind=kind, shape=shape))


@pytest.fixture
def conditional() -> ConvVAE:
    return tiny(classes=("cat", "dog"))


def test_labels_reach_both_parts(conditional: ConvVAE) -> None:
    parts = {name: part.eval() for name, part in conditional.build().items()}
    x, z = images(conditional, 2)[:1].repeat(2, 1, 1, 1), torch.zeros(2, 5)
    labels = torch.tensor([0, 1])
    means = parts["encoder"](x, labels).mode()
    pictures = parts["decoder"](z, labels).mean()
    assert not torch.allclose(means[0], means[1])
    assert not torch.allclose(pictures[0], pictures[1])


def test_labels_are_required(conditional: ConvVAE) -> None:
    parts = conditional.build()
    with pytest.raises(UsageError, match="label"):
        parts["encoder"](images(conditional))
    with pytest.raises(UsageError, match="label"):
        parts["decoder"](torch.zeros(3, 5))


def test_conditional_models_train(conditional: ConvVAE, make_step: Callable[..., Step]) -> None:
    parts = conditional.build()
    context = TrainingContext(conditional.sample, conditional.latent, 100, 6, 100)
    for objective in (ELBO(ELBOConfig(), context), IWAE(IWAEConfig(samples=2), context)):
        step = make_step(parts, labels=torch.tensor([0, 1, 0, 1, 0, 1]))
        sum(term.value.mean() for term in objective.loss(step).values()).backward()
        for part in parts.values():
            assert part.labels.weight.grad.abs().sum() > 0
            part.zero_grad()


def test_evaluation_changes_no_buffer(small: ConvVAE, parts: Mapping[str, nn.Module]) -> None:
    before = {name: part.eval().state_dict() for name, part in parts.items()}
    kept = {(n, k): v.clone() for n, state in before.items() for k, v in state.items()}
    parts["decoder"](parts["encoder"](images(small)).mode()).mean()
    for (name, key), value in kept.items():
        assert torch.equal(parts[name].state_dict()[key], value), key


def test_a_row_does_not_depend_on_its_batch(small: ConvVAE, parts: Mapping[str, nn.Module]) -> None:
    encoder, decoder = parts["encoder"].eval(), parts["decoder"].eval()
    x = images(small, 5)
    torch.testing.assert_close(encoder(x[2:3]).mode(), encoder(x).mode()[2:3])
    z = torch.randn(5, 5)
    torch.testing.assert_close(decoder(z[2:3]).mean(), decoder(z).mean()[2:3])


def test_channels_last_gives_the_same(small: ConvVAE, parts: Mapping[str, nn.Module]) -> None:
    encoder, decoder = parts["encoder"].eval(), parts["decoder"].eval()
    x = images(small)
    posterior = encoder(x)
    picture = decoder(posterior.mode()).mean()
    for part in (encoder, decoder):
        part.to(memory_format=torch.channels_last)
    again = encoder(x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(again.mode(), posterior.mode(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(decoder(posterior.mode()).mean(), picture, rtol=1e-4, atol=1e-5)


def test_densities_are_float32_under_autocast(
    small: ConvVAE, parts: Mapping[str, nn.Module]
) -> None:
    x = images(small)
    with torch.autocast("cpu", torch.bfloat16):
        posterior = parts["encoder"](x)
        likelihood = parts["decoder"](posterior.rsample(BatchNoise(3, 0)))
        assert posterior.kl().dtype == likelihood.log_prob(x).dtype == torch.float32


def test_log_variance_is_bounded(small: ConvVAE, parts: Mapping[str, nn.Module]) -> None:
    encoder = parts["encoder"]
    nn.init.constant_(encoder.log_variance.bias, 1e6)
    posterior = encoder(images(small))
    assert posterior.log_variance.max() <= 10.0
    assert posterior.kl().isfinite().all()


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_builds_on_the_meta_device(likelihood: str) -> None:
    architecture = tiny(likelihood=likelihood, classes=("a", "b"))
    real = architecture.build()
    with torch.device("meta"):
        empty = architecture.build()
    labels = torch.zeros(2, dtype=torch.long)
    for name, part in empty.items():
        assert all(p.is_meta for p in part.parameters())
        part.load_state_dict(real[name].state_dict(), assign=True)
        part.eval()
        real[name].eval()
    z = torch.randn(2, 5)
    assert torch.equal(empty["decoder"](z, labels).mean(), real["decoder"](z, labels).mean())
