"""The latent autoencoders: images of any size, to latent images and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import nn

from genzoo import Architecture, LatentSpec, SampleSpec, SpecError, make_quantiser
from genzoo_vae.autoencoders.configs import (
    KLAutoencoderConfig,
    LatentAutoencoderConfig,
    LatentSpaceConfig,
    TinyAutoencoderConfig,
    VQAutoencoderConfig,
)
from genzoo_vae.autoencoders.kl_networks import KLDecoder, KLEncoder
from genzoo_vae.autoencoders.tiny_networks import TinyDecoder, TinyEncoder
from genzoo_vae.autoencoders.vq_networks import VQEncoder


class LatentAutoencoder(Architecture):
    """Images in [-1, 1] whose sides are multiples of the config's factor, to latent images.

    The latent of an image (C, H, W) is (latent channels, H / factor, W / factor), in the units that
    the networks were trained in. Those of `kl-autoencoder` are raw: a diffusion model sees them
    scaled. TAESD's, those of `tiny-autoencoder`, are the diffusion model's own: its factors are 1
    and 0.

    Args:
        config: Validated configuration.
        sample: Contract of the data.

    Raises:
        SpecError: The samples are no such images, or have classes.
    """

    any_shape: ClassVar[bool] = True

    config: LatentAutoencoderConfig

    def __init__(self, config: LatentAutoencoderConfig, sample: SampleSpec) -> None:
        check_images(sample, config.factor)
        super().__init__(config, sample.with_range(-1.0, 1.0))
        _, height, width = sample.shape
        self.places = height // config.factor, width // config.factor


class KLAutoencoder(LatentAutoencoder):
    """Architecture `kl-autoencoder`: the first stage of latent diffusion (Rombach et al. 2022)."""

    config: KLAutoencoderConfig

    def __init__(self, config: KLAutoencoderConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample)
        self.latent = latent_space(config, self.places)

    def build(self) -> Mapping[str, nn.Module]:
        """Freshly initialised `encoder` and `decoder`."""
        channels = self.sample.shape[0]
        return {
            "encoder": KLEncoder(self.config, channels),
            "decoder": KLDecoder(self.config, channels, self.config.latent_channels),
        }


class VQAutoencoder(LatentAutoencoder):
    """Architecture `vq-autoencoder`: the first stage of VQGAN (Esser et al. 2021), any quantiser.

    A latent is the vectors of its codes.
    """

    config: VQAutoencoderConfig

    def __init__(self, config: VQAutoencoderConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample)
        quantiser = make_quantiser(config)
        self.latent = LatentSpec(
            shape=(quantiser.dimensions, *self.places),
            codes=quantiser.size,
            streams=quantiser.streams,
        )

    def build(self) -> Mapping[str, nn.Module]:
        """Freshly initialised `encoder`, which has the quantiser, and `decoder`."""
        channels = self.sample.shape[0]
        return {
            "encoder": VQEncoder(self.config, channels, make_quantiser(self.config)),
            "decoder": KLDecoder(self.config, channels, self.latent.shape[0]),
        }


class TinyAutoencoder(LatentAutoencoder):
    """Architecture `tiny-autoencoder`: that of TAESD, a small stand-in for `kl-autoencoder`."""

    config: TinyAutoencoderConfig

    def __init__(self, config: TinyAutoencoderConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample)
        self.latent = latent_space(config, self.places)

    def build(self) -> Mapping[str, nn.Module]:
        """Freshly initialised `encoder` and `decoder`."""
        channels = self.sample.shape[0]
        return {
            "encoder": TinyEncoder(self.config, channels),
            "decoder": TinyDecoder(self.config, channels),
        }


def latent_space(config: LatentSpaceConfig, places: tuple[int, int]) -> LatentSpec:
    """The contract of latent images with so many places."""
    return LatentSpec(
        shape=(config.latent_channels, *places),
        scaling_factor=config.scaling_factor,
        shift_factor=config.shift_factor,
        space=config.latent_space,
    )


def check_images(sample: SampleSpec, factor: int) -> None:
    """Refuse samples that are not images, or whose sides are not multiples of `factor`.

    Raises:
        SpecError: Says what would do.
    """
    if sample.kind != "image" or len(sample.shape) != 3:
        raise SpecError(
            f"Latent autoencoders model images, not {sample.kind} of shape {sample.shape}.",
            "Give them images.",
        )
    if sample.conditional:
        raise SpecError("Latent autoencoders have no classes.", "Train without --conditional.")
    _, height, width = sample.shape
    if height % factor or width % factor:
        raise SpecError(
            f"This autoencoder cannot take images of {height} by {width} pixels.",
            f"Height and width must be multiples of {factor}.",
        )
