"""stylegan2: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from genzoo import Architecture, LatentSpec, Noise, SampleSpec, StyleGenerator
from genzoo_gan.stylegan.configs import StyleConfig, StyleGAN2Config
from genzoo_gan.stylegan.discriminator import StyleDiscriminator
from genzoo_gan.stylegan.mapping import MappingNetwork
from genzoo_gan.stylegan.resolutions import check_image
from genzoo_gan.stylegan.synthesis import SynthesisNetwork


class StyleArchitecture(Architecture):
    """Images in [-1, 1] from latents (latent_dim,) by way of styles.

    Raises:
        SpecError: The samples are not images, or their sides are not a small one doubled.
    """

    name: ClassVar[str]
    config: StyleConfig

    def __init__(self, config: StyleConfig, sample: SampleSpec) -> None:
        check_image(sample, self.name)
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=(config.latent_dim,))


class StyleGAN2(StyleArchitecture):
    """A mapping network, modulated convolutions and noise; a residual discriminator."""

    name = "stylegan2"
    config: StyleGAN2Config

    def build(self) -> Mapping[str, nn.Module]:
        """Parts `generator` and `discriminator`, freshly initialised."""
        synthesis = SynthesisNetwork(self.sample.shape, self.config)
        return {
            "generator": MappedGenerator(self.sample, self.config, synthesis),
            "discriminator": StyleDiscriminator(self.sample, self.config),
        }


class Synthesis(Protocol):
    """Maps styles (N, style_count, style_dim) to images: a network."""

    style_count: int

    def __call__(self, styles: Tensor, noise: Noise | None = None) -> Tensor: ...


class MappedGenerator(StyleGenerator):
    """A mapping network before a synthesis network.

    Args:
        sample: Contract of the images.
        config: Of the architecture.
        synthesis: Maps styles (N, style_count, style_dim) to images.
    """

    def __init__(self, sample: SampleSpec, config: StyleConfig, synthesis: Synthesis) -> None:
        super().__init__()
        self.synthesis = synthesis
        self.mapping = MappingNetwork(
            config.latent_dim, len(sample.classes), config.style_dim, config.mapping_layers
        )
        self.style_count = synthesis.style_count
        self.style_dim = config.style_dim
        self._decay = config.style_decay

    def styles(
        self,
        z: Tensor,
        labels: Tensor | None = None,
        truncation: float = 1.0,
        truncated_layers: int | None = None,
    ) -> Tensor:
        """Map latents (N, latent_dim) to styles (N, style_count, style_dim)."""
        style = self.mapping(z, labels)
        styles = style[:, None].expand(-1, self.style_count, -1)
        if truncation == 1.0:
            return styles
        near = self.mapping.truncated(styles, truncation)
        kept = styles[:, len(near[0, :truncated_layers]) :]
        return torch.cat([near[:, :truncated_layers], kept], dim=1)

    def synthesise(self, styles: Tensor, noise: Noise | None = None) -> Tensor:
        """Map styles (N, style_count, style_dim) to images (N, C, H, W).

        Nothing bends the values: they are held to [-1, 1] in evaluation mode, and free to overshoot
        in training, where a clamp would cut their gradients off.
        """
        images: Tensor = self.synthesis(styles, noise)
        return images if self.training else images.clamp(-1.0, 1.0)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents (N, latent_dim) to images; in training the mean style is followed."""
        styles = self.styles(z, labels)
        images = self.synthesise(styles)
        if self.training:
            self.track(styles, lambda values: values.mean(0))
        return images

    def track(self, styles: Tensor, mean: Callable[[Tensor], Tensor]) -> None:
        """Follow statistics of a batch in training.

        Args:
            styles: Of the batch, (N, style_count, style_dim), each of one latent.
            mean: From values (N, ...) to their mean over the batch, in all processes.
        """
        self.mapping.track(mean(styles[:, 0].detach()), self._decay)
