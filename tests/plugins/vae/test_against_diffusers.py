"""The latent autoencoders compute what diffusers' do, from files that diffusers wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import genzoo
from genzoo import Model
from genzoo.artifact.load import load_model
from genzoo.plugins.manager import PluginManager

pytestmark = pytest.mark.slow

REGISTRY = PluginManager.discover().registry

KL = {
    "stable-diffusion": {
        "block_out_channels": (8, 16, 16, 16),
        "layers_per_block": 2,
        "norm_num_groups": 4,
        "sample_size": 64,
    },
    "stable-diffusion-3": {
        "block_out_channels": (16, 32, 32),
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "latent_channels": 16,
        "use_quant_conv": False,
        "use_post_quant_conv": False,
        "shift_factor": 0.0609,
        "scaling_factor": 1.5305,
    },
    "without-attention": {
        "block_out_channels": (12, 24),
        "layers_per_block": 3,
        "norm_num_groups": 6,
        "latent_channels": 2,
        "mid_block_add_attention": False,
    },
    "one-resolution": {"block_out_channels": (32,), "in_channels": 1, "out_channels": 1},
}

TINY = {
    "taesd3": {"latent_channels": 16, "shift_factor": 0.0, "scaling_factor": 1.0},
    "narrow": {
        "encoder_block_out_channels": (8, 8, 8),
        "decoder_block_out_channels": (8, 8, 8),
        "num_encoder_blocks": (0, 1, 2),
        "num_decoder_blocks": (2, 1, 1),
    },
}


def saved_kl(folder: Path, **config: Any) -> Any:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    levels = len(config["block_out_channels"])
    blocks = {
        "down_block_types": ("DownEncoderBlock2D",) * levels,
        "up_block_types": ("UpDecoderBlock2D",) * levels,
    }
    return saved(AutoencoderKL(**blocks, **config), folder)


def saved_tiny(folder: Path, **config: Any) -> Any:
    from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny

    return saved(AutoencoderTiny(**config), folder)


def saved(reference: Any, folder: Path) -> Any:
    # Norms away from the identity, so that a missing one would show.
    for name, parameter in reference.named_parameters():
        if "norm" in name:
            torch.nn.init.normal_(parameter, 1.0, 0.2)
    reference.save_pretrained(folder)
    return reference.eval().requires_grad_(False)


def loaded(folder: Path, tile: int | None = None) -> Model:
    model = load_model(folder, REGISTRY)
    if tile is None:
        return model
    # The format has no place for the side of tiles, so it is set on another instance.
    config = {**model.architecture.config.model_dump(), "tile": tile}
    tiled = genzoo.build(
        model.architecture_name,
        config=config,
        size=model.sample_spec.shape[1],
        channels=model.sample_spec.shape[0],
        registry=REGISTRY,
    )
    tiled.load_state_dict(model.state_dict())
    return tiled.requires_grad_(False)


def images(channels: int, height: int, width: int) -> Tensor:
    return torch.rand(2, channels, height, width) * 2 - 1


def close(found: Tensor, expected: Tensor) -> None:
    assert expected.std() > 1e-3
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", KL)
def test_kl_encodes_and_decodes_as_diffusers_does(name: str, tmp_path: Path) -> None:
    reference = saved_kl(tmp_path, **KL[name])
    model = loaded(tmp_path)
    channels, side, _ = model.sample_spec.shape
    assert side == KL[name].get("sample_size", 32)
    x = images(channels, 16, 40)
    expected = reference.encode(x).latent_dist
    posterior = model.parts["encoder"](x)
    close(posterior.mode(), expected.mean)
    close(posterior.log_variance, expected.logvar)
    z = 3 * expected.mean
    decoded = reference.decode(z).sample
    close(model.parts["decoder"].images(z), decoded)
    close(model.parts["decoder"](z).mean(), decoded.clamp(-1, 1))


@pytest.mark.parametrize("size", [(72, 40), (28, 60)])
def test_kl_tiles_as_diffusers_does(size: tuple[int, int], tmp_path: Path) -> None:
    reference = saved_kl(tmp_path, block_out_channels=(8, 16, 16), norm_num_groups=4)
    model = loaded(tmp_path, tile=32)
    x = images(3, *size)
    whole = reference.encode(x).latent_dist.mean
    reference.enable_tiling()
    reference.tile_sample_min_size, reference.tile_latent_min_size = 32, 8
    expected = reference.encode(x).latent_dist
    posterior = model.parts["encoder"](x)
    close(posterior.mode(), expected.mean)
    close(posterior.log_variance, expected.logvar)
    assert not torch.allclose(expected.mean, whole, rtol=1e-3, atol=1e-3)
    z = 3 * expected.mean
    close(model.parts["decoder"].images(z), reference.decode(z).sample)


@pytest.mark.parametrize("name", TINY)
def test_tiny_encodes_and_decodes_as_diffusers_does(name: str, tmp_path: Path) -> None:
    reference = saved_tiny(tmp_path, **TINY[name])
    model = loaded(tmp_path)
    x = images(3, 16, 40)
    expected = reference.encode(x).latents
    close(model.parts["encoder"](x).mode(), expected)
    z = 5 * torch.randn(expected.shape)
    decoded = reference.decode(z).sample
    close(model.parts["decoder"].images(z), decoded)
    close(model.parts["decoder"](z).mean(), decoded.clamp(-1, 1))


def test_half_precision_is_widened(tmp_path: Path) -> None:
    reference = saved_tiny(tmp_path, **TINY["narrow"])
    reference.half().save_pretrained(tmp_path, variant="fp16")
    (tmp_path / "diffusion_pytorch_model.safetensors").unlink()
    model = loaded(tmp_path)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    x = images(3, 16, 16)
    close(model.parts["encoder"](x).mode(), reference.float().encode(x).latents)
