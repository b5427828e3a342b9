"""Autoencoders of diffusers, taken apart into an encoder and a decoder."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import diffusers
import torch
from torch import Tensor, nn

from genzoo import (
    Architecture,
    ConfigError,
    Decoder,
    DiagonalGaussian,
    Encoder,
    Gaussian,
    LatentSpec,
    SampleSpec,
    SpecError,
)
from genzoo_adapters.configs import DiffusersAutoencoderConfig

SCALE = 0.1
"""Standard deviation of the likelihood, and of posteriors that have none of their own."""


class AdaptedEncoder(Encoder):
    """The half of an autoencoder of diffusers that makes latents.

    Args:
        model: The whole.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.encoder: nn.Module = model.encoder
        self.quant_conv: nn.Module | None = getattr(model, "quant_conv", None)
        self.splits = isinstance(model, diffusers.AsymmetricAutoencoderKL)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> DiagonalGaussian:
        """Map images (N, C, H, W) to posteriors over (latent channels, H / f, W / f).

        Of `AutoencoderDC` and `VQModel` they have a constant variance around the latent.
        """
        made = self.encoder(x)
        if self.quant_conv is not None:
            made = self.quant_conv(made)
        if self.splits:
            mean, log_variance = made.float().chunk(2, 1)
            return DiagonalGaussian(mean, log_variance.clamp(-30.0, 20.0))
        mean = made.float()
        return DiagonalGaussian(mean, torch.full_like(mean, 2 * math.log(SCALE)))


class AdaptedDecoder(Decoder):
    """The half that makes images: of `VQModel` it begins with the quantiser.

    Args:
        model: The whole.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.decoder: nn.Module = model.decoder
        self.post_quant_conv: nn.Module | None = getattr(model, "post_quant_conv", None)
        self.quantize: nn.Module | None = getattr(model, "quantize", None)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Gaussian:
        """Map latents (N, latent channels, h, w) to likelihoods over (C, f * h, f * w)."""
        codes = z if self.quantize is None else self.quantize(z)[0]
        hidden = codes if self.post_quant_conv is None else self.post_quant_conv(codes)
        images = self.decoder(hidden).float()
        return Gaussian(images, images.new_tensor(2 * math.log(SCALE)), -1.0, 1.0)


class DiffusersAutoencoder(Architecture):
    """Images in [-1, 1] whose sides are multiples of the config's factor, to latent images.

    Args:
        config: Validated configuration.
        sample: Contract of the data.

    Raises:
        ConfigError: The settings are not arguments of the class.
        SpecError: The samples are no such images, or have classes.
    """

    any_shape: ClassVar[bool] = True

    config: DiffusersAutoencoderConfig

    def __init__(self, config: DiffusersAutoencoderConfig, sample: SampleSpec) -> None:
        if sample.kind != "image" or len(sample.shape) != 3 or sample.conditional:
            raise SpecError(
                f"An autoencoder of diffusers models images without classes, not {sample.kind} of "
                f"shape {sample.shape}.",
                "Give it images, without --conditional.",
            )
        channels, height, width = sample.shape
        factor = config.factor
        if height % factor or width % factor:
            raise SpecError(
                f"This autoencoder cannot take images of {width} by {height} pixels.",
                f"Both sides must be multiples of {factor}.",
            )
        super().__init__(config, sample.with_range(-1.0, 1.0))
        arguments = self._arguments(channels)
        latent = arguments.get("vq_embed_dim") or arguments.get("latent_channels")
        self.latent = LatentSpec(
            shape=(latent, height // factor, width // factor),
            scaling_factor=arguments.get("scaling_factor") or 1.0,
        )

    def build(self) -> Mapping[str, nn.Module]:
        """Freshly initialised `encoder` and `decoder`."""
        kind = getattr(diffusers, self.config.class_name)
        try:
            model = kind(**self._arguments(self.sample.shape[0]))
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise ConfigError(
                f"diffusers cannot build this {self.config.class_name}: {error}."
            ) from error
        return {"encoder": AdaptedEncoder(model), "decoder": AdaptedDecoder(model)}

    def _arguments(self, channels: int) -> dict[str, Any]:
        """All arguments of the class, those that are left out as it has them."""
        kind = getattr(diffusers, self.config.class_name)
        known = {
            name: parameter.default
            for name, parameter in inspect.signature(kind.__init__).parameters.items()
            if name != "self"
        }
        given = self.config.arguments
        unknown = sorted({*given} - {*known})
        if unknown:
            raise ConfigError(
                f"{self.config.class_name} of the installed diffusers has no option "
                f"'{unknown[0][:80]}'.",
                "Update it: genzoo install --upgrade diffusers.",
            )
        own: dict[str, Any] = {
            name: channels for name in ("in_channels", "out_channels") if name in known
        }
        return {**known, **given, **own}
