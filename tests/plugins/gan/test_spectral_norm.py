"""Discriminators whose layers are bounded by their largest singular value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import genzoo
from genzoo import SampleSpec
from genzoo_gan.configs import ConvGANConfig, DCGANConfig
from genzoo_gan.convgan import ConvGAN
from genzoo_gan.dcgan import DCGAN


@pytest.mark.parametrize(("kind", "config"), [(ConvGAN, ConvGANConfig), (DCGAN, DCGANConfig)])
def test_the_largest_singular_value_of_each_layer_is_one(
    kind: type[ConvGAN], config: type[ConvGANConfig]
) -> None:
    architecture = kind(config(width=4, spectral_norm=True), SampleSpec(shape=(3, 16, 16)))
    discriminator = architecture.build()["discriminator"]
    for _ in range(30):
        discriminator(torch.zeros(2, 3, 16, 16))
    discriminator.eval()
    layers = [each for each in discriminator.modules() if isinstance(each, torch.nn.Conv2d)]
    assert len(layers) == 3
    for layer in layers:
        values = torch.linalg.svdvals(layer.weight.detach().flatten(1))
        torch.testing.assert_close(values[0], torch.tensor(1.0), atol=0.02, rtol=0)


@pytest.mark.parametrize("objective", ["hinge", "r3gan"])
def test_a_run_resumes_bit_for_bit(tmp_path: Path, objective: str) -> None:
    images = np.random.default_rng(0).integers(0, 255, (24, 16, 16, 3), dtype=np.uint8)
    settings = {"batch_size": 8, "device": "cpu", "precision": "fp32", "checkpoint_every": 2}
    config = {"width": 4, "latent_dim": 8, "spectral_norm": True}
    for name, steps in (("whole", 4), ("parted", 2)):
        genzoo.train(
            "convgan",
            images,
            tmp_path / name,
            objective=objective,
            config=config,
            steps=steps,
            **settings,
        )
    genzoo.train(resume=tmp_path / "parted", data=images, steps=4)
    from safetensors.torch import load_file

    paths = [
        tmp_path / name / "checkpoints" / "step-000000004" / "part.discriminator.safetensors"
        for name in ("whole", "parted")
    ]
    whole, parted = map(load_file, paths)
    assert whole.keys() == parted.keys()
    assert any("parametrizations" in name for name in whole)
    for name, tensor in whole.items():
        assert torch.equal(tensor, parted[name]), name
