"""A model whose generator has styles is truncated in them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from toys import ToyConfig

from genzoo import Architecture, LatentSpec, Model, Noise, SampleSpec, StyleGenerator, UsageError

CENTRE = 5.0


class Styled(StyleGenerator):
    """Styles are latents plus `CENTRE`, in each of two layers; a sample is a style and the next."""

    style_count, style_dim = 2, 3

    def styles(
        self,
        z: Tensor,
        labels: Tensor | None = None,
        truncation: float = 1.0,
        truncated_layers: int | None = None,
    ) -> Tensor:
        styles = torch.stack([CENTRE + z, CENTRE + z], dim=1)
        styles[:, :truncated_layers] = CENTRE + truncation * (styles[:, :truncated_layers] - CENTRE)
        return styles

    def synthesise(self, styles: Tensor, noise: Noise | None = None) -> Tensor:
        return styles.flatten(1)


class Whole(Architecture):
    """Of `Styled`."""

    def __init__(self) -> None:
        super().__init__(ToyConfig(), SampleSpec(kind="points", shape=(6,)))
        self.latent = LatentSpec(shape=(3,))

    def build(self) -> dict[str, nn.Module]:
        return {"generator": Styled()}


@dataclass(frozen=True)
class Drawn:
    """Latents, and samples (4, layers, 3) less the centre."""

    latents: Tensor
    samples: Tensor


def draw(**options: float | None) -> Drawn:
    architecture = Whole()
    model = Model("toys/styled", architecture, architecture.build())
    samples = model.sample(4, **options).reshape(4, 2, 3)
    return Drawn(model.draw_latents(4), samples - CENTRE)


def test_styles_are_shrunk_towards_their_mean_and_latents_stay() -> None:
    drawn = draw(truncation=0.5)
    torch.testing.assert_close(drawn.samples, 0.5 * drawn.latents[:, None].expand(4, 2, 3))


def test_only_the_first_layers_are_truncated_if_so_many_are_named() -> None:
    drawn = draw(truncation=0.5, truncated_layers=1)
    torch.testing.assert_close(drawn.samples[:, 0], 0.5 * drawn.latents)
    torch.testing.assert_close(drawn.samples[:, 1], drawn.latents)


def test_without_truncation_styles_are_those_of_the_latents() -> None:
    drawn = draw(truncated_layers=1)
    torch.testing.assert_close(drawn.samples[:, 0], drawn.latents)


@pytest.mark.parametrize("options", [{"truncation": 0.0}, {"truncated_layers": -1}])
def test_values_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="truncat"):
        draw(**options)


def test_layers_of_a_model_without_styles_are_refused(toy_gan: Model) -> None:
    with pytest.raises(UsageError, match="no styles"):
        toy_gan.sample(2, truncated_layers=1)
