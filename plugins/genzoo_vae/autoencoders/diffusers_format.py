"""Autoencoders as diffusers saves them, in genzoo's terms. Imports no torch.

Every field of their `config.json` that changes what is computed is translated, or must have the one
value that is known here; an unknown field is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from genzoo import ArtifactError, Config, ForeignModel

WEIGHTS = (
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.fp16.safetensors",
)
OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Layers of attention as diffusers named them before version 0.15."""

SPACES = {
    (4, 0.18215, 0.0): "stable-diffusion",
    (4, 0.13025, 0.0): "stable-diffusion-xl",
    (16, 1.5305, 0.0609): "stable-diffusion-3",
    (16, 0.3611, 0.1159): "flux-1",
}
"""Latent spaces by channels, scaling and shift. `AutoencoderTiny` scales its latents itself, so its
file tells the channels alone."""

TINY_SIZE = 512
"""Pixels along a side that `AutoencoderTiny`, which does not say it, is first built for."""


class Saved(Config):
    """Fields that both classes have.

    What only the pipelines of diffusers use (`force_upcast`, `latents_mean`, `latents_std`) has no
    effect here.
    """

    in_channels: int = Field(3, ge=1, le=4)
    out_channels: int = Field(3, ge=1, le=4)
    latent_channels: int = 4
    shift_factor: float | None = None
    force_upcast: bool = False


class SavedKL(Saved):
    """The `config.json` of an `AutoencoderKL`."""

    down_block_types: tuple[Literal["DownEncoderBlock2D"], ...] = ("DownEncoderBlock2D",)
    up_block_types: tuple[Literal["UpDecoderBlock2D"], ...] = ("UpDecoderBlock2D",)
    block_out_channels: tuple[int, ...] = Field((64,), min_length=1, max_length=8)
    layers_per_block: int = 1
    act_fn: Literal["silu", "swish"] = "silu"
    norm_num_groups: int = 32
    sample_size: int = Field(32, ge=1, le=8192)
    scaling_factor: float = 0.18215
    latents_mean: tuple[float, ...] | None = None
    latents_std: tuple[float, ...] | None = None
    use_quant_conv: bool = True
    use_post_quant_conv: bool = True
    mid_block_add_attention: bool = True


class SavedTiny(Saved):
    """The `config.json` of an `AutoencoderTiny`."""

    encoder_block_out_channels: tuple[int, ...] = (64, 64, 64, 64)
    decoder_block_out_channels: tuple[int, ...] = (64, 64, 64, 64)
    block_out_channels: tuple[int, ...] | None = None
    num_encoder_blocks: tuple[int, ...] = (1, 3, 3, 3)
    num_decoder_blocks: tuple[int, ...] = (3, 3, 3, 1)
    act_fn: Literal["relu"] = "relu"
    upsample_fn: Literal["nearest"] = "nearest"
    upsampling_scaling_factor: Literal[2] = 2
    latent_magnitude: float = 3.0
    latent_shift: float = 0.5
    scaling_factor: float = 1.0


SavedType = TypeVar("SavedType", bound=Saved)


def read_kl(content: Mapping[str, Any]) -> ForeignModel | None:
    """The `AutoencoderKL` that a `config.json` describes; None where it describes another thing.

    Raises:
        ArtifactError: It has options that `kl-autoencoder` lacks.
    """
    if content.get("_class_name") != "AutoencoderKL":
        return None
    saved = _parsed(SavedKL, content)
    levels = len(saved.block_out_channels)
    if {len(saved.down_block_types), len(saved.up_block_types)} != {levels}:
        raise ArtifactError("The lists of its blocks are not equally long.")
    factor = 1 << (levels - 1)
    return ForeignModel(
        architecture="kl-autoencoder",
        config={
            "widths": saved.block_out_channels,
            "layers": saved.layers_per_block,
            "groups": saved.norm_num_groups,
            "attention": saved.mid_block_add_attention,
            "quant_conv": saved.use_quant_conv,
            "post_quant_conv": saved.use_post_quant_conv,
            **_common(saved, saved.scaling_factor),
        },
        sample=_sample(saved, max(saved.sample_size // factor, 1) * factor),
        weights=WEIGHTS,
        rename=rename_kl,
    )


def read_tiny(content: Mapping[str, Any]) -> ForeignModel | None:
    """The `AutoencoderTiny` that a `config.json` describes; None where it describes another thing.

    Raises:
        ArtifactError: It has options that `tiny-autoencoder` lacks.
    """
    if content.get("_class_name") != "AutoencoderTiny":
        return None
    saved = _parsed(SavedTiny, content)
    widths = {*saved.encoder_block_out_channels, *saved.decoder_block_out_channels}
    if len(widths) != 1:
        raise ArtifactError("Its layers have different numbers of channels.")
    return ForeignModel(
        architecture="tiny-autoencoder",
        config={
            "width": widths.pop(),
            "encoder_blocks": saved.num_encoder_blocks,
            "decoder_blocks": saved.num_decoder_blocks,
            **_common(saved, saved.scaling_factor),
        },
        sample=_sample(saved, TINY_SIZE),
        weights=WEIGHTS,
    )


def rename_kl(name: str) -> str:
    """From a tensor's name in diffusers to its name here, `PART.NAME`."""
    for outside, part in (("quant_conv.", "encoder"), ("post_quant_conv.", "decoder")):
        if name.startswith(outside):
            return f"{part}.{name}"
    if ".attentions." not in name:
        return name
    return ".".join(OLD_ATTENTION.get(word, word) for word in name.split("."))


def _common(saved: Saved, scaling_factor: float) -> dict[str, Any]:
    shift = saved.shift_factor or 0.0
    return {
        "latent_channels": saved.latent_channels,
        "scaling_factor": scaling_factor,
        "shift_factor": shift,
        "latent_space": SPACES.get((saved.latent_channels, scaling_factor, shift), "unnamed"),
    }


def _sample(saved: Saved, size: int) -> dict[str, Any]:
    if saved.in_channels != saved.out_channels:
        raise ArtifactError("It takes and gives images with different numbers of channels.")
    return {"kind": "image", "shape": (saved.in_channels, size, size)}


def _parsed(kind: type[SavedType], content: Mapping[str, Any]) -> SavedType:
    """The fields of a `config.json`, without those that only say who wrote it."""
    fields = {name: value for name, value in content.items() if not name.startswith("_")}
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))[:200]
        raise ArtifactError(f"Its option '{field}' is not supported: {first['msg']}.") from None
