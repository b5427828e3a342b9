"""Pickles of the form that NVIDIA's code writes, of genzoo's own networks."""

from __future__ import annotations

import pickle
import sys
from collections import OrderedDict
from collections.abc import Mapping
from types import ModuleType
from typing import Any
from unittest.mock import patch

from torch import Tensor, nn

from genzoo_gan.stylegan import alias_free, discriminator, layers, modulated, stylegan3, synthesis
from genzoo_gan.stylegan.mapping import MappingNetwork
from genzoo_gan.stylegan.stylegan2 import MappedGenerator, StyleArchitecture

SOURCE = "raise SystemExit('the source text was executed')"


class Persistent:
    """What is pickled as a record of a class and its state."""

    def __init__(self, meta: dict[str, Any]) -> None:
        self.meta = meta

    def __reduce__(self) -> tuple[Any, ...]:
        return _reconstruct_persistent_obj, (self.meta,)


def _reconstruct_persistent_obj(meta: object) -> object:
    raise AssertionError("something was unpickled")


_reconstruct_persistent_obj.__module__ = "torch_utils.persistence"


def dumped(content: Any) -> bytes:
    """`content` as a pickle, its records as `torch_utils.persistence` has them."""
    package, module = ModuleType("torch_utils"), ModuleType("torch_utils.persistence")
    module._reconstruct_persistent_obj = _reconstruct_persistent_obj  # type: ignore[attr-defined]
    with patch.dict(sys.modules, {"torch_utils": package, "torch_utils.persistence": module}):
        return pickle.dumps(content)


def record(kind: str, module: nn.Module, parts: Mapping[str, Any], **attributes: Any) -> Persistent:
    """A network's record."""
    state = {
        "_parameters": OrderedDict(module._parameters),
        "_buffers": OrderedDict(module._buffers),
        "_modules": OrderedDict(parts),
        "_forward_hooks": OrderedDict(),
        "training": False,
        **attributes,
    }
    meta = {"type": "class", "version": 6, "module_src": SOURCE, "class_name": kind, "state": state}
    return Persistent(meta)


def network_record(module: nn.Module, architecture: StyleArchitecture) -> Persistent:
    """The record of one of genzoo's networks, with the classes and attributes of NVIDIA's."""
    parts: dict[str, Any] = {
        name: network_record(part, architecture)
        for name, part in module.named_children()
        if part is not None
    }
    config: Any = architecture.config
    side, clamp = architecture.sample.shape[1], config.conv_clamp
    shared = {
        "c_dim": len(architecture.sample.classes),
        "img_resolution": side,
        "img_channels": architecture.sample.shape[0],
    }
    dims = {"z_dim": config.latent_dim, "w_dim": config.style_dim}
    match module:
        case MappedGenerator():
            return record("Generator", module, parts, **shared, **dims)
        case MappingNetwork():
            count = sum(name.startswith("fc") for name in parts)
            return record("MappingNetwork", module, parts, num_layers=count, w_avg_beta=0.75)
        case layers.ScaledLinear():
            return record("FullyConnectedLayer", module, parts, bias_gain=module._bias_gain)
        case layers.ScaledConv():
            return record("Conv2dLayer", module, parts, conv_clamp=clamp)
        case synthesis.SynthesisNetwork():
            return record("SynthesisNetwork", module, parts)
        case synthesis.FirstBlock() | synthesis.Block():
            return record("SynthesisBlock", module, parts, architecture=config.synthesis)
        case modulated.StyledConv():
            return record("SynthesisLayer", module, parts, conv_clamp=clamp, use_noise=True)
        case modulated.ToImage():
            return record("ToRGBLayer", module, parts)
        case stylegan3.AliasFreeSynthesis():
            counts = {"num_layers": config.layers, "num_critical": config.critical_layers}
            fixed = {"margin_size": 10, "output_scale": 0.25}
            return record("SynthesisNetwork", module, parts, **counts, **fixed)
        case alias_free.FourierInput():
            return record("SynthesisInput", module, parts, bandwidth=2.0)
        case alias_free.AliasFreeConv():
            radial = module.down_filter.dim() == 2
            return record("SynthesisLayer", module, parts, conv_clamp=clamp, down_radial=radial)
        case alias_free.AliasFreeImage():
            return record("SynthesisLayer", module, parts, conv_clamp=clamp, down_radial=False)
        case discriminator.StyleDiscriminator():
            return record("Discriminator", module, parts, **shared)
        case discriminator.Block():
            return record("DiscriminatorBlock", module, parts, architecture=config.discriminator)
        case discriminator.Epilogue():
            parts["mbstd"] = record(
                "MinibatchStdLayer",
                nn.Module(),
                {},
                group_size=config.minibatch_group,
                num_channels=1,
            )
            wiring = config.discriminator
            return record("DiscriminatorEpilogue", module, parts, architecture=wiring)
        case _:
            raise AssertionError(type(module))


def nvidia_pickle(parts: Mapping[str, nn.Module], architecture: StyleArchitecture) -> bytes:
    """A training's pickle: both networks, and the average."""
    records = {name: network_record(part, architecture) for name, part in parts.items()}
    content = {
        "G": records["generator"],
        "D": records["discriminator"],
        "G_ema": records["generator"],
        "training_set_kwargs": {"path": "faces.zip"},
        "augment_pipe": None,
    }
    return dumped(content)


def port_names(generator: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """A generator's tensors as the common PyTorch port of StyleGAN2 names and shapes them."""
    named: dict[str, Tensor] = {}
    for name, tensor in generator.items():
        room, _, rest = name.partition(".")
        if room == "mapping":
            if rest.startswith("fc"):
                layer, _, leaf = rest[2:].partition(".")
                named[f"style.{int(layer) + 1}.{leaf}"] = tensor
            continue
        block, _, rest = rest.partition(".")
        level = (int(block[1:]) // 4).bit_length() - 1
        layer, _, leaf = rest.partition(".")
        if rest == "const":
            named["input.input"] = tensor[None]
            continue
        place = 2 * level - 2 + (layer == "conv1")
        if layer == "torgb":
            start = f"to_rgbs.{level - 1}" if level else "to_rgb1"
            bias = "bias"
        else:
            start, bias = (f"convs.{place}" if level else "conv1"), "activate.bias"
        if leaf == "noise_const":
            named[f"noises.noise_{place + 1 if level else 0}"] = tensor[None, None]
            continue
        leaves = {
            "weight": ("conv.weight", tensor[None] if tensor.dim() == 4 else tensor),
            "affine.weight": ("conv.modulation.weight", tensor),
            "affine.bias": ("conv.modulation.bias", tensor),
            "noise_strength": ("noise.weight", tensor.flatten()),
            "bias": (bias, tensor.view(1, -1, 1, 1) if layer == "torgb" else tensor),
        }
        end, shaped = leaves[leaf]
        named[f"{start}.{end}"] = shaped
    return named
