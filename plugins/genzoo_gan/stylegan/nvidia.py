"""NVIDIA's pickles of StyleGAN2-ADA and StyleGAN3, as checkpoints that genzoo imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from genzoo import ArtifactError, ForeignCheckpoint, ForeignObject
from genzoo_gan.stylegan.alias_free import Signal, layer_filters
from genzoo_gan.stylegan.configs import StyleGAN3Config
from genzoo_gan.stylegan.discriminator import LABEL_LAYERS
from genzoo_gan.stylegan.layers import FILTER
from genzoo_gan.stylegan.mapping import SLOWNESS
from genzoo_gan.stylegan.persistent import Network, is_network, not_understood, read_network
from genzoo_gan.stylegan.stylegan3 import MARGIN, OUTPUT_SCALE, signals
from genzoo_gan.stylegan.widths import channel_options

FILTERS = ("resample_filter", "up_filter", "down_filter")
AVERAGE, JUDGE = "G_ema", "D"
TENSORFLOW = "dnnlib.tflib.network.Network"

NOTES = {
    "made_by": "NVIDIA's code, or code that saves as it does",
    "licence_of_the_weights": "their owner's: whoever trained them says what may be done with them",
}


def read(content: Any) -> ForeignCheckpoint | None:
    """The generator's average as the model, and the discriminator to train on.

    Raises:
        ArtifactError: It is such a pickle, and a record in it is not understood; says which.
    """
    if isinstance(content, tuple) and any(_is_tensorflow(each) for each in content):
        raise ArtifactError(
            "it holds networks of TensorFlow, whose weights are kept in another form.",
            "Convert it to the PyTorch form with NVIDIA's legacy.py first.",
        )
    if not isinstance(content, dict) or not is_network(content.get(AVERAGE)):
        return None
    try:
        return _checkpoint(content)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise not_understood(AVERAGE, "its values make no sense") from error


def _checkpoint(content: Mapping[Any, Any]) -> ForeignCheckpoint:
    generator = read_network(content[AVERAGE], AVERAGE)
    side, channels = generator.whole("img_resolution"), generator.whole("img_channels")
    classes = generator.whole("c_dim")
    if not (8 <= side <= 4096 and 1 <= channels <= 64 and 0 <= classes <= 100_000):
        raise not_understood(AVERAGE, "its sizes make no sense")
    shape = (channels, side, side)
    alias_free = "input" in generator.part("synthesis").parts
    architecture, config = (_alias_free if alias_free else _skip)(generator, shape)
    config |= _mapping(generator)
    train, judged, notes = _discriminator(content, shape, classes, config)
    return ForeignCheckpoint(
        architecture=architecture,
        config={**config, **judged},
        sample={"shape": shape, "classes": tuple(map(str, range(classes)))},
        weights={f"generator.{name}": tensor for name, tensor in _weights(generator).items()},
        train=train,
        notes={**NOTES, **notes},
    )


def _is_tensorflow(value: Any) -> bool:
    return isinstance(value, ForeignObject) and value.name == TENSORFLOW


def _weights(network: Network) -> dict[str, Tensor]:
    """All tensors but the filters, which are constants."""
    return {
        name: tensor for name, tensor in network.state() if name.rpartition(".")[2] not in FILTERS
    }


def _mapping(generator: Network) -> dict[str, Any]:
    mapping = generator.part("mapping")
    layers = mapping.whole("num_layers")
    _check_mapping(mapping, layers)
    decay = mapping.attributes.get("w_avg_beta")
    return {
        "latent_dim": generator.whole("z_dim"),
        "style_dim": generator.whole("w_dim"),
        "mapping_layers": layers,
        **({} if decay is None else {"style_decay": decay}),
    }


def _check_mapping(mapping: Network, layers: int) -> None:
    for index in range(min(layers, 64)):
        layer = mapping.part(f"fc{index}")
        gain = layer.attributes.get("bias_gain")
        if not isinstance(gain, int | float) or abs(gain - SLOWNESS) > 1e-9:
            raise not_understood(layer.path, f"its learning rate is not {SLOWNESS} of the others'")


def _skip(generator: Network, shape: tuple[int, ...]) -> tuple[str, dict[str, Any]]:
    """Options of `stylegan2`."""
    synthesis = generator.part("synthesis")
    _check_filters(synthesis)
    first = synthesis.part("b4", "conv1")
    for block in synthesis.parts.values():
        for name in ("conv0", "conv1"):
            layer = block.parts.get(name)
            if layer is not None and not layer.attributes.get("use_noise", True):
                raise not_understood(layer.path, "it has no noise")
    widths = [
        part.part("conv1").width() for name, part in synthesis.parts.items() if name.startswith("b")
    ]
    return "stylegan2", {
        "synthesis": synthesis.part("b8").attributes.get("architecture"),
        "conv_clamp": first.attributes.get("conv_clamp"),
        **channel_options(widths, shape, synthesis.path),
    }


def _alias_free(generator: Network, shape: tuple[int, ...]) -> tuple[str, dict[str, Any]]:
    """Options of `stylegan3-t` and `stylegan3-r`, and their filters compared."""
    synthesis = generator.part("synthesis")
    first = synthesis.part("input")
    fixed = {"margin_size": MARGIN, "output_scale": OUTPUT_SCALE}
    for name, value in fixed.items():
        if synthesis.attributes.get(name) != value:
            raise not_understood(synthesis.path, f"its {name} is not {value}")
    count = synthesis.whole("num_layers")
    names = [name for name in synthesis.parts if name != "input"]
    if not 3 <= count <= 64 or len(names) != count + 1:
        raise not_understood(synthesis.path, f"it has not {count} layers and an image")
    layers = [synthesis.part(name) for name in names]
    bandwidth = first.attributes.get("bandwidth")
    if not isinstance(bandwidth, ForeignObject | float | int):
        raise not_understood(first.path, "its bandwidth is not a number")
    radial = any(layer.attributes.get("down_radial") is True for layer in layers)
    widths = [layer.width() for layer in layers[:-1]]
    config: dict[str, Any] = {
        "layers": count,
        "critical_layers": synthesis.whole("num_critical"),
        "kernel": layers[0].tensors["weight"].shape[-1],
        "radial": radial,
        "conv_clamp": layers[0].attributes.get("conv_clamp"),
    }
    config |= _alias_free_widths(widths, shape, config, synthesis.path)
    _check_alias_free_filters(layers, signals(shape, StyleGAN3Config(**config)), config)
    return ("stylegan3-r" if radial else "stylegan3-t"), config


def _alias_free_widths(
    widths: Sequence[int], shape: tuple[int, ...], config: Mapping[str, Any], path: str
) -> dict[str, Any]:
    """`channel_base` and `channel_max` that give layers of these widths."""
    most = max(widths)
    plain = {key: value for key, value in config.items() if key != "conv_clamp"}
    probe = signals(shape, StyleGAN3Config(**plain, channel_base=1 << 20, channel_max=8192))
    cutoff = probe[len(widths) - 1].cutoff
    guess = round(widths[-1] * cutoff * 2)
    for base in (1 << max(guess - 1, 1).bit_length(), 1 << guess.bit_length() - 1, guess):
        with suppress(ValueError):
            chosen = StyleGAN3Config(**plain, channel_base=base, channel_max=most)
            if [each.channels for each in signals(shape, chosen)[:-1]] == list(widths):
                return {"channel_base": base, "channel_max": most}
    raise not_understood(path, f"no channel_base gives layers of {most} to {widths[-1]} channels")


def _check_alias_free_filters(
    layers: Sequence[Network], found: Sequence[Signal], config: Mapping[str, Any]
) -> None:
    before = [found[0], *found]
    critical = config["layers"] - config["critical_layers"]
    for index, (layer, (earlier, after)) in enumerate(
        zip(layers[:-1], pairwise(before), strict=False)
    ):
        radial = config["radial"] and index < critical
        expected = layer_filters(earlier, after, radial=radial)
        for name, kernel in zip(("up_filter", "down_filter"), expected, strict=True):
            stored = layer.tensors.get(name)
            if stored is None or not _same(stored, kernel):
                raise not_understood(layer.path, f"its {name} is another than the paper's")


def _same(stored: Tensor, kernel: Tensor) -> bool:
    return stored.shape == kernel.shape and torch.allclose(stored.float(), kernel, atol=1e-5)


def _check_filters(network: Network) -> None:
    line = torch.tensor(FILTER)
    for part in network.networks():
        stored = part.tensors.get("resample_filter")
        if stored is not None and not _same(stored, line[:, None] * line):
            raise not_understood(part.path, "its resample_filter is another than [1, 3, 3, 1]")


def _discriminator(
    content: Mapping[Any, Any],
    shape: tuple[int, ...],
    classes: int,
    config: Mapping[str, Any],
) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any], dict[str, str]]:
    """Its state, its options, and what to say where it is left out."""
    if content.get(JUDGE) is None:
        return {}, {}, {}
    try:
        network = read_network(content[JUDGE], JUDGE)
        options = _judged(network, shape, classes, config)
    except ArtifactError as error:
        return {}, {}, {"discriminator": f"left out: {error.message}"}
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
        return {}, {}, {"discriminator": "left out: its values make no sense."}
    return {"part.discriminator": _weights(network)}, options, {}


def _judged(
    network: Network, shape: tuple[int, ...], classes: int, config: Mapping[str, Any]
) -> dict[str, Any]:
    _check_filters(network)
    last = network.part("b4")
    blocks = [part for name, part in network.parts.items() if name.startswith("b") and part != last]
    widths = [block.part("conv0").width() for block in blocks]
    widths = [last.part("conv").width(), *widths[::-1]]
    if classes:
        _check_mapping(network.part("mapping"), LABEL_LAYERS)
    if blocks[0].part("conv0").attributes.get("conv_clamp") != config["conv_clamp"]:
        raise not_understood(network.path, "its conv_clamp is another than the generator's")
    group = 1
    if "mbstd" in last.parts:
        deviation = last.part("mbstd")
        group = deviation.whole("group_size")
        if deviation.whole("num_channels") != 1:
            raise not_understood(deviation.path, "it has several channels")
    found = channel_options(widths, shape, network.path)
    return {
        "discriminator": last.attributes.get("architecture"),
        "minibatch_group": group,
        **{f"discriminator_{name}": value for name, value in found.items()},
    }
