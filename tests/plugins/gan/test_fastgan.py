"""fastgan: images of many shapes, maps that weigh others, and what it cannot model."""

import pytest
import torch

from genzoo import SampleSpec, SpecError, fold_batch_norm
from genzoo_gan.configs import FastGANConfig
from genzoo_gan.fastgan import FastGAN, SkipLayerExcitation, stage_widths


def fastgan(*shape, classes=(), **options):
    small = {"latent_dim": 8, "width": 4, "discriminator_width": 4, **options}
    return FastGAN(FastGANConfig(**small), SampleSpec(shape=shape, classes=classes))


@pytest.mark.parametrize(
    "shape", [(3, 64, 64), (1, 28, 28), (3, 32, 48), (4, 16, 16), (3, 128, 128)]
)
def test_latents_become_images_and_images_logits(shape):
    parts = fastgan(*shape).build()
    images = parts["generator"](torch.randn(3, 8))
    assert images.shape == (3, *shape)
    assert images.abs().max() <= 1
    assert parts["discriminator"](images).shape == (3,)


@pytest.mark.parametrize("shape", [(3, 64, 66), (3, 9, 9), (3, 6, 6)])
def test_sides_that_cannot_be_halved_are_refused(shape):
    with pytest.raises(SpecError, match=rf"cannot model images of {shape[2]}x{shape[1]} pixels"):
        fastgan(*shape)


def test_samples_of_another_kind_are_refused():
    with pytest.raises(SpecError, match="not samples of kind 'points'"):
        FastGAN(FastGANConfig(), SampleSpec(kind="points", shape=(2,)))


def test_the_size_that_the_recipe_was_measured_with():
    parts = FastGAN(FastGANConfig(), SampleSpec(shape=(3, 64, 64))).build()
    assert stage_widths(5, 32) == [320, 256, 160, 96, 32]
    millions = sum(p.numel() for p in parts["generator"].parameters()) / 1e6
    assert 3 < millions < 4


def test_a_coarse_map_weighs_the_channels_of_a_fine_one():
    torch.manual_seed(0)
    excite = SkipLayerExcitation(6, 2)
    coarse, fine = torch.randn(3, 6, 4, 4), torch.randn(3, 2, 32, 32)
    weights = excite(coarse, fine) / fine
    assert torch.allclose(weights, weights[:, :, :1, :1].expand_as(weights), rtol=1e-4)
    assert 0 < weights.min() < weights.max() < 1


@pytest.mark.parametrize("part", ["generator", "discriminator"])
def test_classes_count(part):
    network = fastgan(3, 16, 16, classes=("a", "b")).build()[part].eval()
    x = torch.randn(4, 8) if part == "generator" else torch.randn(4, 3, 16, 16)
    first, second = (network(x, torch.full((4,), label)) for label in (0, 1))
    assert not torch.allclose(first, second)
    with pytest.raises(SpecError, match="was given no class labels"):
        network(x)


def test_normalisation_is_folded_into_convolutions_to_sample():
    generator = fastgan(3, 32, 32).build()["generator"]
    generator(torch.randn(16, 8))
    z = torch.randn(2, 8)
    folded = fold_batch_norm(generator.eval())
    norms = [type(module).__name__ for module in folded.modules()].count("BatchNorm2d")
    assert norms == 1  # the first, which follows a matrix product
    torch.testing.assert_close(folded(z), generator(z), rtol=1e-4, atol=1e-5)
