"""What diffusers saves, in genzoo's terms. Imports no torch and no diffusers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from genzoo import ArtifactError, ForeignModel
from genzoo_adapters.configs import ClassName, DiffusersAutoencoderConfig

WEIGHTS = (
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.fp16.safetensors",
)
OF_ENCODER = ("encoder.", "quant_conv.")
DERIVED = ("block_out_channels", "force_upcast")
PLACES = 32
"""Places along a side of the latents that a model which does not say its size is built for."""


def read(content: Mapping[str, Any]) -> ForeignModel | None:
    """The autoencoder that a `config.json` describes; None where it describes another thing.

    Raises:
        ArtifactError: It has options that are not supported.
    """
    class_name = content.get("_class_name")
    if class_name not in get_args(ClassName):
        return None
    fields = {name: value for name, value in content.items() if not name.startswith("_")}
    if class_name == "AsymmetricAutoencoderKL":
        # What its class writes beside its arguments.
        fields = {name: value for name, value in fields.items() if name not in DERIVED}
    channels = fields.get("in_channels", 3)
    if channels != fields.get("out_channels", channels):
        raise ArtifactError("It takes and gives images with different numbers of channels.")
    if fields.get("norm_type", "group") != "group":
        raise ArtifactError("Its option 'norm_type' is supported with the value 'group' alone.")
    config = {"class_name": class_name, "settings": json.dumps(fields, sort_keys=True)}
    try:
        side = PLACES * DiffusersAutoencoderConfig.model_validate(config).factor
    except ValueError as error:
        raise ArtifactError(f"Its config.json is not supported: {error}") from None
    return ForeignModel(
        architecture="genzoo-adapters/diffusers-autoencoder",
        config=config,
        sample={"kind": "image", "shape": (channels, side, side)},
        weights=WEIGHTS,
        rename=rename,
    )


def rename(name: str) -> str:
    """From a tensor's name in diffusers to its name here, `PART.NAME`."""
    return f"{'encoder' if name.startswith(OF_ENCODER) else 'decoder'}.{name}"
