"""Networks of all architectures: shapes, layouts, purity, and the published layers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import nn

from genzoo import Architecture, LatentSpec, SampleSpec, SpecError
from genzoo_gan.configs import ConvGANConfig, DCGANConfig, R3GANConfig
from genzoo_gan.convgan import ConvGAN
from genzoo_gan.dcgan import DCGAN
from genzoo_gan.r3gan import R3GAN, stage_scales
from genzoo_gan.residual import ResidualBlock
from genzoo_gan.stacks import from_pixel, to_pixel

KINDS = {
    "convgan": (ConvGAN, ConvGANConfig(latent_dim=6, width=4)),
    "dcgan": (DCGAN, DCGANConfig(latent_dim=6, width=4)),
    "r3gan": (R3GAN, R3GANConfig(latent_dim=6, width=4, blocks=1, cardinality=2)),
}
NAMES = pytest.mark.parametrize("name", KINDS)
CLASSES = ("cat", "dog", "owl")


def make(
    name: str, side: int = 16, channels: int = 3, classes: tuple[str, ...] = ()
) -> Architecture:
    kind, config = KINDS[name]
    return kind(config, SampleSpec(shape=(channels, side, side), classes=classes))


def state(network: nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}


@NAMES
@pytest.mark.parametrize("side", [16, 32, 64, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes(name: str, side: int, channels: int) -> None:
    parts = make(name, side, channels).build()
    images = parts["generator"](torch.randn(2, 6))
    assert images.shape == (2, channels, side, side)
    assert images.dtype == torch.float32
    logits = parts["discriminator"](images)
    assert logits.shape == (2,)
    assert logits.isfinite().all()


@NAMES
def test_range(name: str) -> None:
    generator = make(name).build()["generator"].eval()
    with torch.no_grad():
        images = generator(100 * torch.randn(8, 6))
    assert images.abs().max() <= 1.0


@NAMES
def test_contract_survives_saving(name: str) -> None:
    kind, config = KINDS[name]
    first = kind(config, SampleSpec(shape=(3, 16, 16), low=0.0, high=255.0, classes=CLASSES))
    again = kind(config, first.sample)
    assert (first.sample.low, first.sample.high) == (-1.0, 1.0)
    assert again.sample == first.sample
    assert again.latent == first.latent == LatentSpec(shape=(6,))
    assert first.sample.classes == CLASSES


@NAMES
@pytest.mark.parametrize(
    "sample",
    [
        SampleSpec(shape=(3, 50, 50)),
        SampleSpec(shape=(3, 8, 8)),
        SampleSpec(shape=(3, 1024, 1024)),
        SampleSpec(shape=(3, 32, 256)),
        SampleSpec(kind="audio", shape=(1, 16000)),
    ],
    ids=lambda sample: str(sample.shape),
)
def test_refuses_other_samples(name: str, sample: SampleSpec) -> None:
    kind, config = KINDS[name]
    with pytest.raises(SpecError) as caught:
        kind(config, sample)
    assert name in caught.value.message
    if sample.kind == "image":
        assert "--size 96x64" in caught.value.hint


@NAMES
@pytest.mark.parametrize("shape", [(4, 16, 24), (1, 28, 20), (3, 64, 16)], ids=str)
def test_images_need_not_be_square_nor_a_power_of_two(name: str, shape: tuple[int, ...]) -> None:
    kind, config = KINDS[name]
    parts = kind(config, SampleSpec(shape=shape, classes=CLASSES)).build()
    labels = torch.tensor([0, 1])
    made = parts["generator"](torch.randn(2, config.latent_dim), labels)
    assert made.shape == (2, *shape)
    assert parts["discriminator"](made, labels).shape == (2,)


@NAMES
def test_labels_matter_only_to_conditional_networks(name: str) -> None:
    z, x = torch.randn(3, 6), torch.rand(3, 3, 16, 16)
    labels, others = torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0])
    for classes, differ in (((), False), (CLASSES, True)):
        parts = make(name, classes=classes).build()
        for network, argument in ((parts["generator"], z), (parts["discriminator"], x)):
            network.eval()
            if isinstance(network, nn.Module) and name == "r3gan":
                _wake(network)
            first, second = network(argument, labels), network(argument, others)
            assert torch.equal(first, second) is not differ


def _wake(network: nn.Module) -> None:
    for block in network.modules():
        if isinstance(block, ResidualBlock):
            nn.init.normal_(block.narrow.weight)


@NAMES
def test_conditional_networks_need_labels(name: str) -> None:
    parts = make(name, classes=CLASSES).build()
    with pytest.raises(SpecError, match="no class labels"):
        parts["generator"](torch.randn(2, 6))
    with pytest.raises(SpecError, match="no class labels"):
        parts["discriminator"](torch.rand(2, 3, 16, 16))


@NAMES
def test_sampling_changes_no_buffer_and_no_random_state(name: str) -> None:
    generator = make(name).build()["generator"].eval()
    before, rng = state(generator), torch.get_rng_state()
    generator(torch.randn(4, 6, generator=torch.Generator().manual_seed(0)))
    assert all(torch.equal(before[key], value) for key, value in generator.state_dict().items())
    assert torch.equal(torch.get_rng_state(), rng)


@NAMES
def test_training_passes_use_no_global_random_numbers(name: str) -> None:
    parts = make(name).build()
    rng = torch.get_rng_state()
    parts["discriminator"](parts["generator"](torch.zeros(4, 6))).sum().backward()
    assert torch.equal(torch.get_rng_state(), rng)


@NAMES
def test_builds_on_the_meta_device_with_the_same_keys(name: str) -> None:
    architecture = make(name, classes=CLASSES)
    with torch.device("meta"):
        empty = architecture.build()
    built = architecture.build()
    for part, network in built.items():
        assert {p.device.type for p in empty[part].parameters()} == {"meta"}
        shapes = {key: value.shape for key, value in network.state_dict().items()}
        assert {key: value.shape for key, value in empty[part].state_dict().items()} == shapes


@NAMES
def test_seed_fixes_the_weights(name: str) -> None:
    def weights() -> Mapping[str, nn.Module]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(4)
            return make(name).build()

    first, second = weights(), weights()
    for part, network in first.items():
        other = second[part].state_dict()
        assert all(torch.equal(value, other[key]) for key, value in network.state_dict().items())


@NAMES
def test_channels_last_gives_the_same(name: str) -> None:
    parts = make(name).build()
    z, x = torch.randn(4, 6), torch.rand(4, 3, 16, 16)
    expected = parts["generator"](z), parts["discriminator"](x)
    packed = {key: part.to(memory_format=torch.channels_last) for key, part in parts.items()}
    x = x.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(packed["generator"](z), expected[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(packed["discriminator"](x), expected[1], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["convgan", "r3gan"])
def test_logits_do_not_depend_on_the_batch(name: str) -> None:
    discriminator = make(name).build()["discriminator"]
    assert not discriminator.couples_batch
    x = torch.rand(4, 3, 16, 16)
    alone = torch.cat([discriminator(row[None]) for row in x])
    torch.testing.assert_close(discriminator(x), alone, atol=1e-5, rtol=1e-5)


def test_dcgan_says_that_it_couples_the_batch() -> None:
    assert make("dcgan").build()["discriminator"].couples_batch


@pytest.mark.parametrize("name", ["convgan", "r3gan"])
def test_second_derivatives_pass_through_activations_in_place(name: str) -> None:
    discriminator = make(name).build()["discriminator"].double()
    _wake(discriminator)
    x = torch.rand(1, 3, 16, 16, dtype=torch.float64).requires_grad_()

    def penalty(x: torch.Tensor) -> torch.Tensor:
        (gradient,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
        return gradient.square().sum()

    analytic = torch.autograd.grad(penalty(x), list(discriminator.parameters()), allow_unused=True)
    parameter, gradient = next(
        (p, g) for p, g in zip(discriminator.parameters(), analytic, strict=True) if g is not None
    )
    place = (0,) * parameter.dim()
    with torch.no_grad():
        parameter[place] += 1e-6
    above = penalty(x).item()
    with torch.no_grad():
        parameter[place] -= 2e-6
    assert gradient[place].item() == pytest.approx((above - penalty(x).item()) / 2e-6, rel=1e-3)


def convolutions(network: nn.Module) -> list[tuple[int, ...]]:
    return [
        (m.in_channels, m.out_channels, *m.kernel_size[:1], *m.stride[:1], *m.padding[:1])
        for m in network.modules()
        if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)
    ]


def test_dcgan_has_the_tutorials_layers() -> None:
    parts = DCGAN(DCGANConfig(), SampleSpec(shape=(3, 32, 32))).build()
    assert convolutions(parts["generator"]) == [
        (100, 256, 4, 1, 0),
        (256, 128, 4, 2, 1),
        (128, 64, 4, 2, 1),
        (64, 3, 4, 2, 1),
    ]
    assert convolutions(parts["discriminator"]) == [
        (3, 64, 4, 2, 1),
        (64, 128, 4, 2, 1),
        (128, 256, 4, 2, 1),
        (256, 1, 4, 1, 0),
    ]
    tutorial = tutorial_parameters()
    assert sum(p.numel() for part in parts.values() for p in part.parameters()) == tutorial


def tutorial_parameters() -> int:
    generator = 16 * (100 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 2 * (256 + 128 + 64)
    discriminator = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256) + 2 * (128 + 256)
    return generator + discriminator


def test_dcgan_computes_what_the_tutorials_modules_do() -> None:
    parts = DCGAN(DCGANConfig(latent_dim=10, width=8), SampleSpec(shape=(3, 32, 32))).build()
    generator, discriminator = parts["generator"], parts["discriminator"]
    z = torch.randn(4, 10)
    images = nn.Sequential(generator.first, *generator.layers)(z[:, :, None, None])
    torch.testing.assert_close(generator(z), images, atol=1e-5, rtol=1e-4)
    logits = nn.Sequential(*discriminator.layers, discriminator.last)(images).view(-1)
    torch.testing.assert_close(discriminator(images), logits, atol=1e-5, rtol=1e-4)


def test_dcgan_starts_as_published() -> None:
    parts = DCGAN(DCGANConfig(), SampleSpec(shape=(3, 64, 64))).build()
    for module in [m for part in parts.values() for m in part.modules()]:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            assert module.bias is None
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.05)
        elif isinstance(module, nn.BatchNorm2d):
            assert module.weight.mean().item() == pytest.approx(1.0, abs=0.02)
            assert module.bias.abs().max() == 0.0


def test_convgan_normalises_the_generator_alone() -> None:
    parts = make("convgan").build()
    norms = {
        name: sum(isinstance(m, nn.BatchNorm2d) for m in part.modules())
        for name, part in parts.items()
    }
    assert norms == {"generator": 2, "discriminator": 0}
    assert all(m.bias is not None for m in parts["discriminator"].layers if hasattr(m, "bias"))


def test_pixel_products_equal_the_convolutions() -> None:
    up, down = nn.ConvTranspose2d(5, 7, 4, bias=False).double(), nn.Conv2d(7, 2, 4).double()
    z, x = torch.randn(3, 5).double(), torch.randn(3, 7, 4, 4).double()
    torch.testing.assert_close(from_pixel(z, up.weight), up(z[:, :, None, None]))
    torch.testing.assert_close(to_pixel(x, down.weight, down.bias), down(x).flatten(1))


def test_residual_blocks_start_as_the_identity() -> None:
    block, x = ResidualBlock(8, 16, 4, 10), torch.randn(2, 8, 4, 4)
    assert torch.equal(block(x), x)
    assert block.mix.groups == 4


def test_r3gan_widths_stop_doubling() -> None:
    assert stage_scales(2) == [1, 2, 4]
    assert stage_scales(5) == [1, 2, 4, 8, 8, 8]


def test_r3gan_has_no_normalisation() -> None:
    for part in make("r3gan").build().values():
        assert not dict(part.named_buffers())
