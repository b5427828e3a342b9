"""Both sides of a comparison train the same networks."""

import torch
from toolkits import residual
from toolkits.networks import ConvDecoder, ConvEncoder
from toolkits.residual import Residual, ResidualConfig
from torch import nn

from genzoo import SampleSpec
from genzoo.model.build import build_architecture
from genzoo.plugins.manager import PluginManager

MIMICRY_PARAMETERS = 5_330_564
"""What torch-mimicry 0.1.16 counts in its DCGAN, and its SNGAN, for 32 pixels."""


def shapes(*networks: nn.Module) -> list[tuple[int, ...]]:
    return sorted(tuple(p.shape) for network in networks for p in network.parameters())


def test_the_plain_autoencoder_has_the_layers_of_conv_vae():
    options = {"width": 8, "latent_dim": 10, "likelihood": "fixed-gaussian"}
    registry = PluginManager.discover().registry
    _, own = build_architecture(registry, "conv-vae", options, SampleSpec(shape=(3, 64, 64)))
    encoder, decoder = ConvEncoder(8, 10), ConvDecoder(8, 10)
    assert shapes(encoder, decoder) == shapes(*own.build().values())
    mean, log_variance = encoder(torch.rand(2, 3, 64, 64))
    assert mean.shape == log_variance.shape == (2, 10)
    assert decoder(mean).shape == (2, 3, 64, 64)


def test_the_residual_networks_have_mimicrys_size():
    with torch.device("meta"):
        parts = Residual(ResidualConfig(), SampleSpec(shape=(3, 32, 32))).build()
    counts = [p.numel() for part in parts.values() for p in part.parameters()]
    assert sum(counts) == MIMICRY_PARAMETERS


def test_spectral_norm_bounds_the_discriminator_and_adds_no_parameters():
    widths = {"generator_width": 8, "discriminator_width": 8}
    sample = SampleSpec(shape=(3, 32, 32))
    plain, normed = (
        Residual(ResidualConfig(**widths, spectral_norm=norm), sample).build()
        for norm in (False, True)
    )
    assert shapes(*plain.values()) == shapes(*normed.values())
    pictures = normed["generator"](torch.randn(4, 128))
    assert pictures.shape == (4, 3, 32, 32)
    discriminator = normed["discriminator"]
    assert discriminator(pictures).shape == (4,)
    for _ in range(50):
        discriminator(pictures)
    weight = discriminator.blocks[1].first.weight.detach().flatten(1)
    assert abs(float(torch.linalg.matrix_norm(weight, 2)) - 1) < 0.05


def test_the_plugin_registers_the_networks():
    manager = PluginManager()
    manager.add(residual)
    _, own = build_architecture(
        manager.registry, "residual", {"latent_dim": 5}, SampleSpec(shape=(3, 32, 32))
    )
    assert own.latent.shape == (5,)
