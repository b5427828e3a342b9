"""The options of quantisers, for the config of an architecture to inherit. Imports no torch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from genzoo.specs import Config

if TYPE_CHECKING:
    from genzoo.quantisers.quantiser import Quantiser

LARGEST = 1 << 18
"""Codes of a stream at most: they are counted one by one."""

Levels = Annotated[int, Field(ge=2, le=1024)]


class QuantiserConfig(Config):
    """Which quantiser, and how it is made. An architecture's config may inherit it."""

    quantiser: Literal["vq", "fsq", "lfq", "rvq"] = Field(
        "vq",
        description="Codebook of running means, finite scalars, lookup-free bits, or codebooks in "
        "a row.",
    )
    codes: int = Field(
        512, ge=2, le=LARGEST, description="Codes of a stream; those of fsq follow from its levels."
    )
    code_dim: int = Field(8, ge=1, le=4096, description="Numbers in a vector of vq and rvq.")
    streams: int = Field(4, ge=1, le=64, description="Codebooks in a row, of rvq.")
    levels: tuple[Levels, ...] = Field(
        (8, 5, 5, 5), min_length=1, max_length=16, description="Levels of each number, of fsq."
    )
    cosine: bool = Field(False, description="Vectors and codes of vq have length 1.")
    code_decay: float = Field(
        0.99, ge=0.0, lt=1.0, description="Share of the running means that each batch keeps."
    )
    revive: float = Field(
        0.05,
        ge=0.0,
        lt=1.0,
        description="A code begins anew once it is used less than this share of the mean use.",
    )
    kmeans: int = Field(
        10, ge=0, le=1000, description="Iterations of k-means over the first batch."
    )
    stream_dropout: float = Field(
        0.0, ge=0.0, le=1.0, description="Share of batches that rvq quantises more coarsely."
    )
    entropy: float = Field(
        0.4, ge=0.0, le=100.0, description="Weight of the entropies in the penalty of lfq."
    )

    @model_validator(mode="after")
    def _check_codes(self) -> Self:
        if self.quantiser == "lfq" and self.codes & (self.codes - 1):
            raise ValueError("codes of lfq must be a power of two")
        if self.quantiser == "fsq" and math.prod(self.levels) > LARGEST:
            raise ValueError(f"levels make more than {LARGEST} codes")
        return self


class CodePriorConfig(Config):
    """How a distribution of codes is learnt, for the config of such a prior to inherit."""

    steps: int = Field(5000, ge=1, le=10_000_000, description="Steps of training.")
    batch_size: int = Field(32, ge=1, le=65_536, description="Samples per step.")
    learning_rate: float = Field(1e-3, gt=0.0, le=1.0, description="Adam's step size at its most.")
    classes: tuple[Annotated[str, Field(max_length=200)], ...] = Field(
        (), max_length=100_000, description="Classes; --conditional takes those of the data."
    )


def make_quantiser(config: QuantiserConfig) -> Quantiser:
    """The quantiser that a config asks for, freshly initialised."""
    from genzoo.quantisers.residual import ResidualQuantiser
    from genzoo.quantisers.scalar import FiniteScalarQuantiser, LookupFreeQuantiser
    from genzoo.quantisers.vector import VectorQuantiser

    if config.quantiser == "fsq":
        return FiniteScalarQuantiser(config.levels)
    if config.quantiser == "lfq":
        return LookupFreeQuantiser(config.codes.bit_length() - 1, entropy=config.entropy)
    learns = {"decay": config.code_decay, "revive": config.revive, "kmeans": config.kmeans}
    if config.quantiser == "rvq":
        return ResidualQuantiser(
            config.code_dim,
            config.codes,
            config.streams,
            dropout=config.stream_dropout,
            **learns,
        )
    return VectorQuantiser(
        config.code_dim,
        config.codes,
        decay=config.code_decay,
        revive=config.revive,
        kmeans=config.kmeans,
        cosine=config.cosine,
    )
