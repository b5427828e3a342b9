"""Networks of made-up weights give what NVIDIA's own code gives for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
import torch
from stylegan_reference import CASES, LATENTS, SHARED, SIDE, STORED, images, inputs, made_up
from torch import Tensor, nn

from genzoo import SampleSpec
from genzoo_gan.stylegan.configs import StyleGAN3Config
from genzoo_gan.stylegan.stylegan2 import StyleArchitecture, StyleGAN2
from genzoo_gan.stylegan.stylegan3 import StyleGAN3T

TOLERANCE = {"atol": 1e-5, "rtol": 3e-5}


@cache
def expected() -> Mapping[str, Tensor]:
    with np.load(STORED) as stored:
        return {name: torch.from_numpy(stored[name]) for name in stored}


def architecture(name: str) -> StyleArchitecture:
    kind, options, classes = CASES[name]
    made = StyleGAN3T if issubclass(kind, StyleGAN3Config) else StyleGAN2
    spec = SampleSpec(shape=(3, SIDE, SIDE), classes=tuple("abc"[:classes]))
    return made(kind(**SHARED, **options), spec)


def filled(name: str) -> dict[str, nn.Module]:
    """Both networks with the made-up weights, of the names that NVIDIA's have."""
    parts = dict(architecture(name).build())
    for part in parts.values():
        shapes = {key: tuple(value.shape) for key, value in part.state_dict().items()}
        part.load_state_dict(made_up(shapes))
        part.eval()
    return parts


@pytest.mark.parametrize("name", CASES)
def test_styles_are_those_of_the_reference_truncated_in_three_layers(name: str) -> None:
    generator = filled(name)["generator"]
    styles = generator.styles(*inputs(CASES[name][2]), 0.5, 3)
    torch.testing.assert_close(styles, expected()[f"{name}.styles"], **TOLERANCE)


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_images_are_those_of_the_reference(name: str, gradients: bool) -> None:
    generator = filled(name)["generator"]
    with torch.set_grad_enabled(gradients):
        images = generator.synthesis(expected()[f"{name}.styles"])
    torch.testing.assert_close(images, expected()[f"{name}.images"], **TOLERANCE)


@pytest.mark.parametrize("name", CASES)
def test_a_single_image_is_that_of_the_batch(name: str) -> None:
    generator = filled(name)["generator"]
    with torch.no_grad():
        single = generator.synthesis(expected()[f"{name}.styles"][1:2])
    torch.testing.assert_close(single, expected()[f"{name}.images"][1:2], **TOLERANCE)


@pytest.mark.parametrize("name", CASES)
def test_logits_are_those_of_the_reference(name: str) -> None:
    discriminator = filled(name)["discriminator"]
    _, labels = inputs(CASES[name][2])
    logits = discriminator(images(), labels)
    torch.testing.assert_close(logits[:, None], expected()[f"{name}.logits"], atol=1e-6, rtol=3e-5)


def test_the_reference_is_no_constant() -> None:
    for name in CASES:
        found = expected()[f"{name}.images"]
        assert found.shape == (LATENTS, 3, SIDE, SIDE)
        assert found.std() > 0.1
        assert expected()[f"{name}.logits"].std() > 1e-4
