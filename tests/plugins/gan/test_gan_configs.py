"""Bounds and the choice of augmentation."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from genzoo import Config
from genzoo_gan.configs import (
    ConvGANConfig,
    DCGANConfig,
    GANConfig,
    R3GANConfig,
    R3GANObjectiveConfig,
    WGANGPConfig,
)


@pytest.mark.parametrize(
    ("kind", "option", "value"),
    [
        (DCGANConfig, "latent_dim", 0),
        (DCGANConfig, "latent_dim", 4097),
        (DCGANConfig, "width", 3),
        (ConvGANConfig, "width", 1025),
        (R3GANConfig, "blocks", 0),
        (R3GANConfig, "cardinality", 7),
        (GANConfig, "learning_rate", 0.0),
        (GANConfig, "betas", (0.5, 1.0)),
        (GANConfig, "betas", (0.5,)),
        (GANConfig, "gamma", 1.0),
        (WGANGPConfig, "n_critic", 0),
        (WGANGPConfig, "penalty", float("nan")),
        (R3GANObjectiveConfig, "gamma", -1.0),
        (R3GANObjectiveConfig, "penalty_every", 0),
        (R3GANObjectiveConfig, "penalty_on", "fakes"),
        (GANConfig, "ada_probability", 1.0),
        (GANConfig, "ada_over", 1.1),
    ],
)
def test_refuses(kind: type[Config], option: str, value: object) -> None:
    with pytest.raises(ValidationError, match=option):
        kind.model_validate({option: value})


@pytest.mark.parametrize(
    "policy", ["auto", "none", "ada", "color", "cutout,color", "color,translation,cutout"]
)
def test_policies(policy: str) -> None:
    assert GANConfig(augment=policy).augment == policy


@pytest.mark.parametrize(
    "policy", ["", "colour", "color,color", "auto,color", "ada,color", "color,", "none,none"]
)
def test_refuses_policies(policy: str) -> None:
    with pytest.raises(ValidationError, match="choose auto, none, ada, or some of color,"):
        GANConfig(augment=policy)


def test_published_settings() -> None:
    assert GANConfig().betas == (0.5, 0.999)
    assert GANConfig().learning_rate == 2e-4
    assert R3GANObjectiveConfig().penalty_on == "plain"
    wgan = WGANGPConfig()
    assert (wgan.learning_rate, wgan.betas, wgan.n_critic, wgan.penalty) == (
        1e-4,
        (0.0, 0.9),
        5,
        10.0,
    )
