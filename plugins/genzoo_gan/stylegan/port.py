"""Checkpoints of the common PyTorch port of StyleGAN2, whose tensors have names of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from genzoo import ArtifactError, ForeignCheckpoint
from genzoo_gan.stylegan.layers import FILTER
from genzoo_gan.stylegan.mapping import MappingNetwork
from genzoo_gan.stylegan.persistent import not_understood
from genzoo_gan.stylegan.resolutions import SMALLEST
from genzoo_gan.stylegan.widths import channel_options

AVERAGE, JUDGE, MEAN = "g_ema", "d", "latent_avg"
SIGNS = ("style.1.weight", "input.input", "conv1.conv.weight", "to_rgb1.bias")
"""Names that every generator of the port has."""

DRAWS, AT_ONCE = 10_000, 500
"""Latents that the mean style is taken over where the file has none."""

WIDEST = 4_096

NOTES = {
    "made_by": "the common PyTorch port of StyleGAN2",
    "licence_of_the_weights": "their owner's: whoever trained them says what may be done with them",
}
_STYLED = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
    "bias": "bias",
}
_BLOCK = {
    "conv1.0.weight": "conv0.weight",
    "conv1.1.bias": "conv0.bias",
    "conv2.1.weight": "conv1.weight",
    "conv2.2.bias": "conv1.bias",
    "skip.1.weight": "skip.weight",
}
_LAST = {
    "final_conv.0.weight": "b4.conv.weight",
    "final_conv.1.bias": "b4.conv.bias",
    "final_linear.0.weight": "b4.fc.weight",
    "final_linear.0.bias": "b4.fc.bias",
    "final_linear.1.weight": "b4.out.weight",
    "final_linear.1.bias": "b4.out.bias",
}
_KERNEL = re.compile(r"(?:.*\.)?kernel")
_NUMBERED = re.compile(r"(style|convs|to_rgbs)\.([0-9]{1,2})\.(.+)")
_NOISE = re.compile(r"noises\.noise_([0-9]{1,2})")


def read(content: Any) -> ForeignCheckpoint | None:
    """The generator's average as the model, and the discriminator to train on.

    Raises:
        ArtifactError: It is such a checkpoint, and a tensor in it is not understood; says which.
    """
    found = content.get(AVERAGE) if isinstance(content, dict) else None
    if not isinstance(found, dict) or not all(_is_tensor(found.get(name)) for name in SIGNS):
        return None
    weights = _generator(found)
    count = max(_block(name) for name in weights) + 1
    if weights["synthesis.b4.const"].shape[1:] != (SMALLEST, SMALLEST) or not 2 <= count <= 10:
        raise not_understood(AVERAGE, "it does not begin at 4x4 pixels and double")
    side = SMALLEST << (count - 1)
    shape = (int(found["to_rgb1.bias"].numel()), side, side)
    blocks = [f"synthesis.b{SMALLEST << i}.conv1.bias" for i in range(count)]
    widths = [_need(weights, name).numel() for name in blocks]
    layers = sum(name.startswith("style.") and name.endswith(".weight") for name in found)
    style_dim, latent_dim = _need(weights, "mapping.fc0.weight").shape
    if max(style_dim, latent_dim) > WIDEST:
        raise not_understood(f"{AVERAGE}.style", f"it is wider than {WIDEST:,}")
    config: dict[str, Any] = {
        "latent_dim": latent_dim,
        "style_dim": style_dim,
        "mapping_layers": layers,
        "synthesis": "skip",
        **channel_options(widths, shape, AVERAGE),
    }
    notes = dict(NOTES)
    weights["mapping.w_avg"] = _mean_style(content.get(MEAN), weights, config, notes)
    train: dict[str, dict[str, Tensor]] = {}
    if isinstance(content.get(JUDGE), dict):
        state = _discriminator(content[JUDGE], count)
        judged = [_need(state, f"b{SMALLEST << i}.conv0.bias").numel() for i in range(1, count)]
        judged = [_need(state, "b4.conv.bias").numel(), *judged]
        options = channel_options(judged, shape, JUDGE)
        config |= {f"discriminator_{name}": value for name, value in options.items()}
        train["part.discriminator"] = state
    return ForeignCheckpoint(
        architecture="stylegan2",
        config=config,
        sample={"shape": shape},
        weights={f"generator.{name}": tensor for name, tensor in weights.items()},
        train=train,
        notes=notes,
    )


def _generator(found: Mapping[Any, Any]) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {}
    for name, tensor in _tensors(found, AVERAGE):
        numbered, noise = _NUMBERED.fullmatch(name), _NOISE.fullmatch(name)
        if name == "input.input":
            named["synthesis.b4.const"] = tensor.squeeze(0)
        elif noise is not None:
            layer = _layer(int(noise[1]) - 1) if int(noise[1]) else "b4.conv1"
            named[f"synthesis.{layer}.noise_const"] = tensor.reshape(tensor.shape[-2:])
        elif numbered is not None and numbered[1] == "style":
            named[f"mapping.fc{int(numbered[2]) - 1}.{numbered[3]}"] = tensor
        else:
            named[_styled(name, numbered)] = _shaped(name, tensor)
    return named


def _styled(name: str, numbered: re.Match[str] | None) -> str:
    """The name of a tensor of a modulated layer."""
    if numbered is None:
        head, _, end = name.partition(".")
        layer = {"conv1": "b4.conv1", "to_rgb1": "b4.torgb"}.get(head, "")
    else:
        number, end = int(numbered[2]), numbered[3]
        layer = f"b{8 << number}.torgb" if numbered[1] == "to_rgbs" else _layer(number)
    if not layer or end not in _STYLED:
        raise not_understood(f"{AVERAGE}.{name[:80]}", "no layer of StyleGAN2 has it")
    return f"synthesis.{layer}.{_STYLED[end]}"


def _layer(number: int) -> str:
    """Of the modulated convolutions after the first."""
    return f"b{8 << number // 2}.conv{number % 2}"


def _shaped(name: str, tensor: Tensor) -> Tensor:
    if name.endswith("conv.weight"):
        return tensor.squeeze(0)
    if name.endswith("noise.weight"):
        return tensor.reshape(())
    return tensor.flatten() if name.endswith("bias") else tensor


def _discriminator(found: Mapping[Any, Any], count: int) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {}
    for name, tensor in _tensors(found, JUDGE):
        numbered = _NUMBERED.fullmatch(name)
        number = int(numbered[2]) if numbered else 0
        new = _LAST.get(name)
        if numbered and number == 0:
            end = {"0.weight": "weight", "1.bias": "bias"}.get(numbered[3])
            new = end and f"b{SMALLEST << (count - 1)}.fromrgb.{end}"
        elif numbered and number < count:
            new = _BLOCK.get(numbered[3])
            new = new and f"b{SMALLEST << (count - number)}.{new}"
        if not new:
            raise not_understood(f"{JUDGE}.{name[:80]}", "no layer of StyleGAN2 has it")
        named[new] = tensor.flatten() if name.endswith(".1.bias") and numbered else tensor
    return named


def _tensors(found: Mapping[Any, Any], path: str) -> list[tuple[str, Tensor]]:
    """All but the filters, which are looked at."""
    kept: list[tuple[str, Tensor]] = []
    line = torch.tensor(FILTER)
    for name, tensor in found.items():
        if not isinstance(name, str) or not _is_tensor(tensor):
            raise not_understood(f"{path}.{str(name)[:80]}", "it is not a tensor")
        if _KERNEL.fullmatch(name) is None:
            kept.append((name, tensor))
            continue
        kernel = tensor.float()
        same = kernel.shape == (4, 4) and torch.allclose(
            kernel / kernel.sum(), line[:, None] * line, atol=1e-6
        )
        if not same:
            raise not_understood(f"{path}.{name}", "it is another filter than [1, 3, 3, 1]")
    return kept


def _mean_style(
    stored: Any, weights: Mapping[str, Tensor], config: Mapping[str, Any], notes: dict[str, str]
) -> Tensor:
    if isinstance(stored, Tensor) and stored.numel() == config["style_dim"]:
        return stored.flatten()
    notes["mean_style"] = f"of {DRAWS:,} latents, as the file has none"
    latent_dim, style_dim = config["latent_dim"], config["style_dim"]
    mapping = MappingNetwork(latent_dim, 0, style_dim, config["mapping_layers"], tracked=False)
    state = {
        name.removeprefix("mapping."): tensor.float()
        for name, tensor in weights.items()
        if name.startswith("mapping.")
    }
    try:
        mapping.load_state_dict(state)
    except RuntimeError as error:
        raise not_understood(f"{AVERAGE}.style", "its layers do not follow each other") from error
    stream = torch.Generator().manual_seed(0)
    with torch.no_grad():
        means = [
            mapping(torch.randn(AT_ONCE, latent_dim, generator=stream), None).mean(0)
            for _ in range(DRAWS // AT_ONCE)
        ]
    return torch.stack(means).mean(0)


def _block(name: str) -> int:
    """Number of a generator's block, 0 for 4x4 pixels and for what is in none."""
    found = re.match(r"synthesis\.b([0-9]{1,6})\.", name)
    return (int(found[1]) // SMALLEST).bit_length() - 1 if found else 0


def _need(state: Mapping[str, Tensor], name: str) -> Tensor:
    if name not in state:
        raise ArtifactError(f"the checkpoint lacks what becomes {name}.")
    return state[name]


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)
