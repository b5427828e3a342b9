"""Random models of each class, saved by diffusers, give the pictures that diffusers gives."""

from __future__ import annotations

import json

import diffusers
import pytest
import torch

import genzoo
from genzoo_adapters.configs import SMALL

BLOCKS = {
    "down_block_types": ["DownEncoderBlock2D"] * 2,
    "up_block_types": ["UpDecoderBlock2D"] * 2,
    "norm_num_groups": 8,
}
CASES = {
    "AutoencoderDC": (diffusers.AutoencoderDC, SMALL),
    "VQModel": (
        diffusers.VQModel,
        {**BLOCKS, "block_out_channels": [16, 32], "vq_embed_dim": 4, "num_vq_embeddings": 32},
    ),
    "AsymmetricAutoencoderKL": (
        diffusers.AsymmetricAutoencoderKL,
        {
            **BLOCKS,
            "down_block_out_channels": [16, 32],
            "up_block_out_channels": [16, 32],
            "layers_per_down_block": 1,
            "layers_per_up_block": 2,
        },
    ),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(params=CASES)
def saved(request, tmp_path):
    """A model, and the folder that it is saved in."""
    kind, settings = CASES[request.param]
    torch.manual_seed(0)
    model = kind(**settings).eval()
    model.save_pretrained(tmp_path / "model")
    return model, tmp_path / "model"


def pictures(side):
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("side", [32, 48])
@torch.no_grad()
def test_latents_and_pictures_are_those_of_diffusers(saved, side):
    theirs, folder = saved
    ours, x = genzoo.load(folder), pictures(side)
    made = theirs.encode(x)
    z = made[0] if isinstance(made[0], torch.Tensor) else made[0].mode()
    torch.testing.assert_close(ours.encode(x), z, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        ours.decode(z), theirs.decode(z)[0].clamp(-1, 1), rtol=1e-4, atol=1e-4
    )


def test_an_option_of_another_diffusers_is_named(saved):
    _, folder = saved
    content = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**content, "novelty": 1}))
    with pytest.raises(genzoo.GenzooError, match="novelty"):
        genzoo.load(folder)


def test_missing_weights_are_named(saved):
    from safetensors.torch import load_file, save_file

    _, folder = saved
    path = folder / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    tensors.pop(next(name for name in tensors if name.startswith("decoder")))
    save_file(tensors, path)
    with pytest.raises(genzoo.GenzooError, match="missing"):
        genzoo.load(folder)


@pytest.mark.parametrize(
    "settings",
    [{"latent_channels": 1 << 20}, {"layers_per_block": 1000}, {"decoder_layers_per_block": [1e9]}],
)
def test_absurd_sizes_are_refused_before_anything_is_built(saved, settings):
    _, folder = saved
    content = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**content, **settings}))
    with pytest.raises(genzoo.GenzooError, match="more than"):
        genzoo.load(folder)
