"""Autoencoders to train through: one that changes nothing, and one that scales and shifts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field
from torch import Tensor, nn
from toys import ToyLikelihood, ToyPosterior

from genzoo import Architecture, ArchitectureSpec, Config, Decoder, Encoder, LatentSpec, hookimpl
from genzoo.artifact.save import save_model
from genzoo.model.build import build_model
from genzoo.registry import Registry
from genzoo.specs import SampleSpec


class LinearConfig(Config):
    scale: float = Field(1.0, ge=-100.0, le=100.0, description="Latents are so many times x.")
    shift: float = Field(0.0, ge=-100.0, le=100.0, description="And so much more.")


class LinearEncoder(Encoder):
    def __init__(self, config: LinearConfig) -> None:
        super().__init__()
        self.config = config
        self.weight = nn.Parameter(Tensor([1.0]))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> ToyPosterior:
        return ToyPosterior(x * self.config.scale + self.config.shift)


class LinearDecoder(Decoder):
    def __init__(self, config: LinearConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, z: Tensor, labels: Tensor | None = None) -> ToyLikelihood:
        return ToyLikelihood(((z - self.config.shift) / self.config.scale).clamp(-1.0, 1.0))


class LinearAutoencoder(Architecture):
    """Images of any size in [-1, 1] to latents of their shape."""

    any_shape = True
    config: LinearConfig

    def __init__(self, config: LinearConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=sample.shape)

    def build(self) -> Mapping[str, nn.Module]:
        return {"encoder": LinearEncoder(self.config), "decoder": LinearDecoder(self.config)}


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    return [
        ArchitectureSpec(
            name="linear-autoencoder",
            family="vae",
            target="toy_autoencoders:LinearAutoencoder",
            config="toy_autoencoders:LinearConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="elbo",
        )
    ]


def save_autoencoder(
    folder: Path, registry: Registry, classes: tuple[str, ...] = (), **config: float
) -> Path:
    """A linear autoencoder of 8x8 images on the disk."""
    sample = SampleSpec(shape=(3, 8, 8), classes=classes)
    model = build_model(registry, "linear-autoencoder", sample, config)
    save_model(
        model,
        folder,
        registry=registry,
        preview=False,
        kind_options={"size": 8, "channels": 3},
    )
    return folder
