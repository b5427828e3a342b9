"""stylegan3-t and stylegan3-r: Karras et al. 2021, "Alias-Free Generative Adversarial Networks"."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from genzoo import Noise, SampleSpec, SpecError
from genzoo_gan.stylegan.alias_free import (
    MAGNITUDE_DECAY,
    AliasFreeConv,
    AliasFreeImage,
    FourierInput,
    Signal,
)
from genzoo_gan.stylegan.configs import StyleGAN3Config
from genzoo_gan.stylegan.discriminator import StyleDiscriminator
from genzoo_gan.stylegan.in_pieces import in_pieces
from genzoo_gan.stylegan.stylegan2 import MappedGenerator, StyleArchitecture

FIRST_CUTOFF, FIRST_STOPBAND = 2.0, 2.0**2.1
LAST_STOPBAND = 2.0**0.3
"""The last layer's stopband, in its cutoffs."""

MARGIN = 10
"""Samples around an image, of each layer's rate."""

OUTPUT_SCALE = 0.25


class StyleGAN3T(StyleArchitecture):
    """Details move with what they are on: equivariant to translation."""

    name = "stylegan3-t"
    config: StyleGAN3Config

    def __init__(self, config: StyleGAN3Config, sample: SampleSpec) -> None:
        super().__init__(config, sample)
        _, height, width = sample.shape
        if height != width or height & (height - 1) or height < 16:
            raise SpecError(
                f"Architecture {self.name} cannot model images of {width}x{height} pixels.",
                "Give square ones with a side of 16, 32, 64 and so on, as with --size 64.",
            )

    def build(self) -> Mapping[str, nn.Module]:
        """Parts `generator` and `discriminator`, freshly initialised."""
        return {
            "generator": AliasFreeGenerator(self.sample, self.config),
            "discriminator": StyleDiscriminator(self.sample, self.config),
        }


class StyleGAN3R(StyleGAN3T):
    """Details turn with what they are on, too: equivariant to rotation."""

    name = "stylegan3-r"


class AliasFreeGenerator(MappedGenerator):
    """A mapping network before an alias-free synthesis network.

    Args:
        sample: Contract of the images.
        config: Of the architecture.
    """

    synthesis: AliasFreeSynthesis

    def __init__(self, sample: SampleSpec, config: StyleGAN3Config) -> None:
        super().__init__(sample, config, AliasFreeSynthesis(sample.shape, config))

    def track(self, styles: Tensor, mean: Callable[[Tensor], Tensor]) -> None:
        """Follow the mean style, and the magnitudes of the activations in the last batch."""
        super().track(styles, mean)
        self.synthesis.track(mean)


class AliasFreeSynthesis(nn.Module):
    """Fourier features, then layers whose bandwidth grows to that of the image.

    Args:
        shape: Channels, height and width of an image.
        config: Of the architecture.

    Attributes:
        style_count: Layers that have a style of their own.
    """

    def __init__(self, shape: tuple[int, ...], config: StyleGAN3Config) -> None:
        super().__init__()
        found = signals(shape, config)
        self.input = FourierInput(found[0], config.style_dim)
        self._layers: list[str] = []
        for index in range(config.layers):
            before, after = found[max(index - 1, 0)], found[index]
            critical = index >= config.layers - config.critical_layers
            layer = AliasFreeConv(
                before,
                after,
                config.style_dim,
                kernel=config.kernel,
                radial=config.radial and not critical,
                clamp=config.conv_clamp,
            )
            self._add(index, after, layer)
        image = AliasFreeImage(
            found[-2].channels, shape[0], config.style_dim, clamp=config.conv_clamp
        )
        self._add(config.layers, found[-1], image)
        self.style_count = config.layers + 2
        self._largest = max(signal.channels * (2 * signal.size) ** 2 for signal in found)

    def forward(self, styles: Tensor, noise: Noise | None = None) -> Tensor:
        """Map styles (N, style_count, style_dim) to images (N, C, H, W). They have no noise."""
        return in_pieces(self._images, styles, self._largest)

    def track(self, mean: Callable[[Tensor], Tensor]) -> None:
        """Take what the layers measured in the last batch into their running magnitudes."""
        layers = [self.get_submodule(name) for name in self._layers]
        measured = [layer.measured for layer in layers if isinstance(layer.measured, Tensor)]
        if not measured:
            return
        means = mean(torch.stack(measured)[None])
        with torch.no_grad():
            for layer, value in zip(layers, means, strict=True):
                running = layer.magnitude_ema
                assert isinstance(running, Tensor)
                running.copy_(torch.lerp(value, running, MAGNITUDE_DECAY))

    def _add(self, index: int, after: Signal, layer: nn.Module) -> None:
        name = f"L{index}_{after.size}_{after.channels}"
        self._layers.append(name)
        self.add_module(name, layer)

    def _images(self, styles: Tensor) -> Tensor:
        first, *others = styles.unbind(1)
        x = self.input(first)
        for name, style in zip(self._layers, others, strict=True):
            x = self.get_submodule(name)(x, style)
        images: Tensor = x.float() * OUTPUT_SCALE
        return images


def signals(shape: tuple[int, ...], config: StyleGAN3Config) -> list[Signal]:
    """What each layer gives, the image last (section 3.2, "flexible layer specifications")."""
    side, layers = shape[1], config.layers
    last_cutoff = side / 2
    last_stopband = last_cutoff * LAST_STOPBAND
    found: list[Signal] = []
    for index in range(layers + 1):
        share = min(index / (layers - config.critical_layers), 1.0)
        cutoff = FIRST_CUTOFF * (last_cutoff / FIRST_CUTOFF) ** share
        stopband = FIRST_STOPBAND * (last_stopband / FIRST_STOPBAND) ** share
        rate = 1 << math.ceil(math.log2(min(2 * stopband, side)))
        channels = round(min(config.channel_base / 2 / cutoff, config.channel_max))
        size = side if index >= layers - 1 else rate + 2 * MARGIN
        if index == layers:
            channels = shape[0]
        half_width = max(stopband, rate / 2) - cutoff
        found.append(Signal(max(1, channels), size, rate, cutoff, half_width))
    return found
