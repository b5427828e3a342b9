"""How style-based generators learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genzoo import (
    Batch,
    CapabilityError,
    LatentSpec,
    SampleSpec,
    StandardNormal,
    Step,
    StyleGenerator,
    TrainingContext,
)
from genzoo_gan.stylegan.configs import StyleGAN2Config, StyleObjectiveConfig
from genzoo_gan.stylegan.objective import StyleGANObjective
from genzoo_gan.stylegan.stylegan2 import StyleGAN2

SAMPLE = SampleSpec(shape=(2, 8, 8))
ROWS = 8


def objective(**options: Any) -> StyleGANObjective:
    context = TrainingContext(SAMPLE, LatentSpec(shape=(3,)), 100, ROWS, 10)
    return StyleGANObjective(StyleObjectiveConfig(augment="none", **options), context)


def make_step(parts: Mapping[str, nn.Module], rows: int = ROWS) -> Step:
    x = torch.randn(rows, *SAMPLE.shape, generator=torch.Generator().manual_seed(3))
    prior = StandardNormal(LatentSpec(shape=(3,)))
    return Step(index=0, total=10, batch=Batch(x), parts=parts, prior=prior, identity=(1,))


class Linear(StyleGenerator):
    """Images are a matrix times the style of each layer, summed: its path lengths are known."""

    style_count, style_dim = 2, 3

    def __init__(self) -> None:
        super().__init__()
        values = torch.randn(2, 128, 3, generator=torch.Generator().manual_seed(0))
        self.matrix = nn.Parameter(values)

    def styles(
        self,
        z: Tensor,
        labels: Tensor | None = None,
        truncation: float = 1.0,
        truncated_layers: int | None = None,
    ) -> Tensor:
        return z[:, None].repeat(1, 2, 1).requires_grad_()

    def synthesise(self, styles: Tensor, noise: object = None) -> Tensor:
        return torch.einsum("lps,nls->np", self.matrix, styles).reshape(-1, *SAMPLE.shape)


class Mean(nn.Module):
    """The logit is half the sum of squares: its gradient is the image."""

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        return 0.5 * x.square().flatten(1).sum(1)


def test_path_lengths_are_those_of_the_jacobian() -> None:
    """Karras et al. 2020, equation 4, with the mean over layers of the squared norms."""
    network = Linear()
    step = make_step({"generator": network})
    chosen = objective(path_length_shrink=1, path_length_decay=0.25)
    value = chosen.path_loss(step)["path"].value
    random = make_step({}).noise("path-direction", ROWS).normal(*SAMPLE.shape).flatten(1)
    gradient = torch.einsum("lps,np->nls", network.matrix, random) / 8.0
    lengths = gradient.square().sum(2).mean(1).sqrt()
    mean = 0.25 * lengths.mean()
    torch.testing.assert_close(value, (lengths - mean).square())
    torch.testing.assert_close(chosen.state_dict()["mean_path_length"], mean.detach())


def test_path_lengths_of_half_the_batch_count_for_all_of_it() -> None:
    step = make_step({"generator": Linear()})
    value = objective().path_loss(step)["path"].value
    assert value.shape == (ROWS,)
    torch.testing.assert_close(value[::2], value[1::2])


def test_r1_is_the_squared_gradient_by_the_real_images() -> None:
    step = make_step({"discriminator": Mean()})
    term = objective(gamma=3.0).penalty_loss(step)["r1"]
    torch.testing.assert_close(term.value, step.batch.x.square().flatten(1).sum(1))
    assert term.weight == 1.5


def test_gamma_follows_pixels_and_batch_unless_it_is_given() -> None:
    assert objective().gamma == pytest.approx(0.0002 * 64 / ROWS)
    assert objective(gamma=2.0).gamma == 2.0


def test_lazy_moves_are_made_up_for_in_the_optimiser() -> None:
    chosen = objective(learning_rate=1e-3, betas=(0.5, 0.99), penalty_every=16, path_length_every=4)
    for part, share in (("discriminator", 16 / 17), ("generator", 4 / 5)):
        settings = chosen.optimizer(part)
        assert settings.learning_rate == pytest.approx(1e-3 * share)
        assert settings.betas == pytest.approx((0.5**share, 0.99**share))


def test_penalties_of_every_step_join_the_move_of_their_player() -> None:
    phases = objective(penalty_every=1, path_length_every=1).phases()
    assert [(phase.name, phase.optimizer_step) for phase in phases] == [
        ("penalty", False),
        ("discriminator", True),
        ("path", False),
        ("generator", True),
    ]
    assert objective(penalty_every=1).optimizer("discriminator").learning_rate == 2.5e-3


def test_penalties_of_no_weight_are_left_out() -> None:
    phases = objective(gamma=0.0, path_length=0.0).phases()
    assert [phase.name for phase in phases] == ["discriminator", "generator"]


class Recorded(Linear):
    """Keeps the styles that it was given."""

    def synthesise(self, styles: Tensor, noise: object = None) -> Tensor:
        self.given = styles
        return super().synthesise(styles, noise)

    def track(self, styles: Tensor, mean: object) -> None:
        self.tracked = styles


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_mixed_styles_are_of_two_latents_from_some_layer_on(probability: float) -> None:
    network = Recorded()
    step = make_step({"generator": network})
    objective(style_mixing=probability).generate(step)
    again = make_step({})
    first, second = again.latents(), again.latents("mixed-latent")
    torch.testing.assert_close(network.given[:, 0], first)
    torch.testing.assert_close(network.given[:, 1], second if probability else first)
    torch.testing.assert_close(network.tracked[:, 0], first)


def test_the_mean_style_follows_the_batches() -> None:
    config = StyleGAN2Config(
        latent_dim=3, style_dim=4, channel_base=16, channel_max=4, style_decay=0.75
    )
    generator = StyleGAN2(config, SAMPLE).build()["generator"].train()
    z = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    mean = generator.mapping(z, None).mean(0)
    generator(z)
    torch.testing.assert_close(generator.mapping.w_avg, 0.25 * mean)
    generator.eval()
    generator(z)
    torch.testing.assert_close(generator.mapping.w_avg, 0.25 * mean)
    near = generator.styles(z, None, 0.5)[:, 0]
    torch.testing.assert_close(near, 0.5 * generator.mapping(z, None) + 0.125 * mean)


def test_generators_without_styles_are_refused() -> None:
    with pytest.raises(CapabilityError, match="has none") as caught:
        objective().check({"generator": nn.Linear(1, 1), "discriminator": Mean()})
    assert "--objective gan" in caught.value.hint


def test_the_mean_path_length_is_restored() -> None:
    step = make_step({"generator": Linear()})
    first, second = objective(), objective()
    first.path_loss(step)
    second.load_state_dict(first.state_dict())
    values = [
        each.path_loss(make_step({"generator": Linear()}))["path"].value for each in (first, second)
    ]
    torch.testing.assert_close(*values, atol=0, rtol=0)
