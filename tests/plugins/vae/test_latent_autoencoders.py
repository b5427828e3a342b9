"""The latent autoencoders by themselves: any size, tiles, bounds, training."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import genzoo
from genzoo import CapabilityError, ConfigError, Model, SampleSpec, SpecError, Step, UsageError
from genzoo.artifact.save import save_model
from genzoo.model.latent_contract import adapted, contract_of
from genzoo.plugins.manager import PluginManager
from genzoo_vae.autoencoders.architectures import KLAutoencoder, TinyAutoencoder
from genzoo_vae.autoencoders.configs import KLAutoencoderConfig, TinyAutoencoderConfig
from genzoo_vae.autoencoders.tiling import Tiling, encoder_tiling, in_pieces
from genzoo_vae.configs import ELBOConfig
from genzoo_vae.elbo import ELBO

REGISTRY = PluginManager.discover().registry

KL = {"widths": (4, 8), "layers": 1, "groups": 2, "latent_channels": 2, "tile": 16}
TINY = {"width": 4, "encoder_blocks": (1, 1), "decoder_blocks": (1, 1), "tile": 16}
BOTH = [("kl-autoencoder", KL), ("tiny-autoencoder", TINY)]


def model(name: str, values: dict[str, Any], size: int = 8, channels: int = 3) -> Model:
    return genzoo.build(name, config=values, size=size, channels=channels, registry=REGISTRY)


def images(height: int, width: int, count: int = 2) -> Tensor:
    return torch.rand(count, 3, height, width) * 2 - 1


@pytest.mark.parametrize(("name", "values"), BOTH)
def test_images_of_any_size_that_fits(name: str, values: dict[str, Any]) -> None:
    small = model(name, values)
    for height, width in ((8, 8), (14, 10), (2, 6)):
        fitted = genzoo.reshape(small, (3, height, width))
        x = images(height, width)
        z = fitted.encode(x)
        assert z.shape == (2, values.get("latent_channels", 4), height // 2, width // 2)
        assert fitted.latent_spec.shape == tuple(z.shape[1:])
        back = fitted.reconstruct(x)
        assert back.shape == x.shape
        assert back.abs().max() <= 1
        assert fitted.sample(1).shape == (1, 3, height, width)
    assert genzoo.reshape(small, (3, 8, 8)) is small


@pytest.mark.parametrize(("name", "values"), BOTH)
@pytest.mark.parametrize("sides", [(8, 8), (14, 10), (2, 6), (24, 40)])
def test_a_model_takes_images_and_latents_of_any_size_as_it_is(
    name, values, sides, tmp_path
) -> None:
    small = model(name, values, size=32)
    fitted = genzoo.reshape(small, (3, *sides))
    x = images(*sides)
    z = small.encode(x)
    assert torch.equal(z, fitted.encode(x))
    assert torch.equal(small.decode(z), fitted.decode(z))
    assert torch.equal(small.reconstruct(x), fitted.reconstruct(x))
    assert small.interpolate(z[0], z[1], 3).shape == (3, 3, *sides)
    path = genzoo.save(small.reconstruct(x), small, tmp_path / "made.npz", registry=REGISTRY)
    with np.load(path) as arrays:
        assert arrays["images"].shape == (2, *sides, 3)


@pytest.mark.parametrize(("name", "values"), BOTH)
@pytest.mark.parametrize(
    "shape", [(1, 4, 8, 8), (0, 3, 8, 8), (1, 3, 8), (1, 3, 7, 8), (1, 3, 0, 8)]
)
def test_rows_that_no_size_fits_are_refused_in_words(name, values, shape) -> None:
    small = model(name, values, size=32)
    with pytest.raises((SpecError, UsageError)):
        small.encode(torch.zeros(shape))
    with pytest.raises((SpecError, UsageError)):
        small.decode(torch.zeros(1, 9, 4, 4))


def test_raw_latents_are_scaled_for_an_autoencoder_that_scales_its_own() -> None:
    common = {"latent_space": "stable-diffusion"}
    raw = model("kl-autoencoder", KL | common | {"scaling_factor": 0.18215, "shift_factor": 0.5})
    scaled = model("tiny-autoencoder", TINY | common | {"latent_channels": 2})
    z = raw.encode(images(8, 8))
    given = adapted(z, contract_of(raw), scaled)
    torch.testing.assert_close(given, (z - 0.5) * 0.18215)
    torch.testing.assert_close(adapted(given, contract_of(scaled), raw), z)
    assert scaled.decode(given).shape == (2, 3, 8, 8)
    other = model("tiny-autoencoder", TINY | {"latent_channels": 2})
    with pytest.raises(UsageError, match="mean nothing"):
        adapted(z, contract_of(raw), other)


def test_an_artifact_carries_scale_and_shift_of_its_latents(tmp_path) -> None:
    values = KL | {"scaling_factor": 0.18215, "shift_factor": 0.5, "latent_space": "flux-1"}
    save_model(model("kl-autoencoder", values), tmp_path / "kl", registry=REGISTRY)
    config = json.loads((tmp_path / "kl/config.json").read_text())
    factors = {"scaling_factor": 0.18215, "shift_factor": 0.5}
    expected = {**factors, "space": "flux-1", "codes": 0, "streams": 1}
    assert config["latent"] == {"shape": [2, 4, 4], **expected}
    # Older files have the shape alone.
    config["latent"] = {"shape": [2, 4, 4]}
    (tmp_path / "kl/config.json").write_text(json.dumps(config))
    assert genzoo.load(tmp_path / "kl", registry=REGISTRY).latent_spec.scaling_factor == 0.18215


@pytest.mark.parametrize(("name", "values"), BOTH)
def test_other_samples_are_refused(name: str, values: dict[str, Any]) -> None:
    small = model(name, values)
    with pytest.raises(SpecError, match="9 by 8 pixels") as caught:
        genzoo.reshape(small, (3, 9, 8))
    assert "multiples of 2" in caught.value.hint
    for shape in ((1, 8, 8), (3, 8), (3, 1 << 19, 1 << 19)):
        with pytest.raises(UsageError):
            genzoo.reshape(small, shape)
    with pytest.raises(SpecError, match="no classes"):
        genzoo.build(name, config=values, size=8, classes=("a", "b"), registry=REGISTRY)


def test_a_model_of_one_size_is_not_reshaped() -> None:
    with pytest.raises(CapabilityError, match="alone"):
        genzoo.reshape(genzoo.build("conv-vae", size=16, registry=REGISTRY), (3, 32, 32))


@pytest.mark.parametrize(("name", "values"), BOTH)
def test_no_layer_sees_more_than_a_tile(name: str, values: dict[str, Any]) -> None:
    small = model(name, values)
    seen: list[int] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(len(inputs[0]) * inputs[0].shape[-1] * inputs[0].shape[-2])

    for module in small.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(note)
    for count, size in ((9, 8), (2, 40)):
        fitted = genzoo.reshape(small, (3, size, size))
        seen.clear()
        fitted.reconstruct(images(size, size, count))
        # A strided convolution of kl-autoencoder sees its input padded by a line and a column.
        assert 16 * 16 <= max(seen) <= 4 * 9 * 9


def test_tiles_of_what_is_local_are_the_whole() -> None:
    tiling = encoder_tiling(TinyAutoencoderConfig(**TINY))

    def halve(x: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(x, 2)

    for height, width in ((64, 16), (40, 58), (18, 90)):
        x = images(height, width)
        torch.testing.assert_close(in_pieces(halve, x, tiling), halve(x))


def test_tiles_fade_into_each_other() -> None:
    """Each tile made one number: the result goes from the first to the second in equal steps."""
    numbers = iter((0.0, 1.0))
    tiling = Tiling(tile=8, stride=6, kept=6, blended=2)
    x = torch.zeros(1, 1, 2, 14)
    made = in_pieces(lambda tile: torch.full_like(tile, next(numbers, 9.0)), x, tiling)
    assert made[0, 0, 0, :12].tolist() == [0.0] * 6 + [0.0, 0.5] + [1.0] * 4


@pytest.mark.parametrize(("name", "values"), BOTH)
def test_training_does_not_tile(name: str, values: dict[str, Any]) -> None:
    parts = model(name, values).parts
    x = images(32, 32)
    whole = parts["encoder"].train()(x).mode()
    tiled = parts["encoder"].eval()(x).mode()
    assert whole.shape == tiled.shape
    assert not torch.equal(whole, tiled)


def test_every_normalisation_has_the_epsilon_of_diffusers() -> None:
    """torch's own is ten times as large, which shows where images are flat alone."""
    parts = model("kl-autoencoder", {**KL, "attention": True}).parts
    norms = {name: module for name, module in parts.named_modules() if _is_norm(module)}
    assert sum("attentions" in name for name in norms) == 2
    assert {module.eps for module in norms.values()} == {1e-6}


def _is_norm(module: nn.Module) -> bool:
    return isinstance(module, nn.GroupNorm)


def test_log_variances_are_clamped() -> None:
    encoder = model("kl-autoencoder", KL).parts["encoder"]
    nn.init.constant_(encoder.quant_conv.bias, 1e4)
    assert encoder(images(8, 8)).log_variance.max() == 20
    nn.init.constant_(encoder.quant_conv.bias, -1e4)
    assert encoder(images(8, 8)).log_variance.min() == -30


def test_latents_are_in_the_units_of_the_networks() -> None:
    plain = model("kl-autoencoder", KL)
    scaled = model("kl-autoencoder", {**KL, "scaling_factor": 0.18, "shift_factor": 0.1})
    x = images(8, 8)
    assert torch.equal(plain.encode(x), scaled.encode(x))


def test_the_tiny_posterior_has_the_scale_of_the_config() -> None:
    encoder = model("tiny-autoencoder", {**TINY, "posterior_scale": 0.25}).parts["encoder"]
    posterior = encoder(images(8, 8))
    assert torch.allclose(posterior.log_variance.exp().sqrt(), torch.tensor(0.25))


@pytest.mark.parametrize(("name", "values"), BOTH)
def test_the_elbo_trains_both_parts(
    name: str, values: dict[str, Any], make_step: Callable[..., Step]
) -> None:
    built = model(name, values, size=16)
    parts = dict(built.train().parts.items())
    context = genzoo.TrainingContext(built.sample_spec, built.latent_spec, 100, 6, 100)
    objective = ELBO(ELBOConfig(), context)
    optimizer = torch.optim.Adam(built.parameters(), lr=1e-2)
    light = torch.full((6, 3, 16, 16), 0.8)
    losses = []
    for index in range(12):
        terms = objective.loss(make_step(parts, light, index=index)).values()
        loss = sum(term.value.mean() for term in terms)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("kl-autoencoder", {"widths": (30,), "groups": 32}, "multiples of groups, 32"),
        ("kl-autoencoder", {"tile": 40}, "tile must be a multiple of 32"),
        ("kl-autoencoder", {"widths": ()}, "widths"),
        ("kl-autoencoder", {"widths": (1 << 20,)}, "widths"),
        ("tiny-autoencoder", {"encoder_blocks": (1, 1)}, "equally many"),
        ("tiny-autoencoder", {"width": 1 << 20}, "width"),
    ],
)
def test_configs_out_of_bounds(name: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        model(name, values, size=64)


def test_other_kinds_are_refused() -> None:
    for architecture, config in (
        (KLAutoencoder, KLAutoencoderConfig()),
        (TinyAutoencoder, TinyAutoencoderConfig()),
    ):
        with pytest.raises(SpecError, match="model images"):
            architecture(config, SampleSpec(kind="audio", shape=(1, 64)))
