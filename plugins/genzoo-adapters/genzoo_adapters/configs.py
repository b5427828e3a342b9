"""The options of this plugin. Nothing here imports torch or diffusers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from genzoo import Config

ClassName = Literal["AutoencoderDC", "VQModel", "AsymmetricAutoencoderKL"]
GREATEST = 16384
"""Bound on every number in a saved configuration, such as channels or entries of a codebook."""
MOST_LAYERS = 64

SMALL = {
    "latent_channels": 4,
    "attention_head_dim": 8,
    "encoder_block_types": ["ResBlock", "ResBlock"],
    "decoder_block_types": ["ResBlock", "ResBlock"],
    "encoder_block_out_channels": [16, 16],
    "decoder_block_out_channels": [16, 16],
    "encoder_layers_per_block": [1, 1],
    "decoder_layers_per_block": [1, 1],
    "encoder_qkv_multiscales": [[], []],
    "decoder_qkv_multiscales": [[], []],
    "downsample_block_type": "Conv",
    "upsample_block_type": "interpolate",
}
"""An `AutoencoderDC` for tests."""


class DiffusersAutoencoderConfig(Config):
    """Options of the architecture `diffusers-autoencoder`."""

    class_name: ClassName = Field("AutoencoderDC", description="The class of diffusers.")
    settings: str = Field(
        json.dumps(SMALL),
        max_length=20_000,
        description="Arguments of the class, as JSON: the fields of its config.json.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            content = json.loads(self.settings)
        except ValueError as error:
            raise ValueError(f"settings are not JSON: {error}") from None
        if not isinstance(content, dict):
            raise ValueError("settings are not a JSON object")
        for name, number in numbers(content):
            most = MOST_LAYERS if "layers" in name else GREATEST
            if not abs(number) <= most:
                raise ValueError(f"{name[:80]} is {number}, more than {most}")
        return self

    @property
    def arguments(self) -> dict[str, Any]:
        """What the class is built with."""
        arguments: dict[str, Any] = json.loads(self.settings)
        return arguments

    @property
    def factor(self) -> int:
        """Pixels along a side of a latent's place."""
        levels = {
            "AutoencoderDC": "encoder_block_out_channels",
            "VQModel": "block_out_channels",
            "AsymmetricAutoencoderKL": "down_block_out_channels",
        }[self.class_name]
        default = 6 if self.class_name == "AutoencoderDC" else 1
        return 1 << max(len(self.arguments.get(levels) or [0] * default) - 1, 0)


def numbers(content: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Every number in nested lists of an object, with the name of its field."""
    for name, value in content.items():
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                raise ValueError(f"{name[:80]} is an object")
            if isinstance(one, list):
                waiting += one
            elif isinstance(one, (int, float)) and not isinstance(one, bool):
                yield name, one
