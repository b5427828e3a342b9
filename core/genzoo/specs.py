"""The contracts of samples and latents, and the base of every configuration.

Nothing here imports torch, so that help and completion stay quick.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from genzoo.errors import ConfigError

MAX_ELEMENTS = 1 << 28
"""Upper bound on the values in one sample or latent: refuses absurd configs before allocating."""

UNNAMED = "unnamed"
"""Latent space that some other models share, though nothing says which."""

SPACE = r"^[a-z0-9.-]{0,64}$"

Dimension = Annotated[int, Field(ge=1, le=1 << 20)]


class Config(BaseModel):
    """Base of every configuration: frozen, unknown fields refused, finite numbers only.

    Give each field a bound and a description: they become the command line's options, the
    validation of `config.json` and the documentation.

    Attributes:
        sampling_options: For an architecture, names of the fields that say how samples are made and
            not what the networks are, such as a number of steps. They may be changed for each call
            of `Model.sample`, and are options of `genzoo sample`. The part that makes samples has
            an attribute of the same name for each.
    """

    sampling_options: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


ConfigType = TypeVar("ConfigType", bound=Config)


class SampleSpec(Config):
    """What one sample is.

    Attributes:
        kind: Content kind: `image`, `audio`, `text` or one that a plugin registers.
        shape: Shape of one sample without the batch; images are (channels, height, width).
        low: Least value a sample takes.
        high: Greatest value a sample takes.
        bounded: Whether it takes none beyond; of latents the two are but their usual size.
        classes: Class names in label order; empty for an unconditional model.
        sample_rate: Samples per second, audio only.
    """

    kind: str = Field(default="image", pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    shape: tuple[Dimension, ...] = Field(min_length=1, max_length=6)
    low: float = -1.0
    high: float = 1.0
    bounded: bool = True
    classes: tuple[Annotated[str, Field(max_length=200)], ...] = Field(
        default=(), max_length=100_000
    )
    sample_rate: int | None = Field(default=None, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if math.prod(self.shape) > MAX_ELEMENTS:
            raise ValueError(f"a sample of shape {self.shape} is too large")
        if self.low >= self.high:
            raise ValueError(f"the value range [{self.low}, {self.high}] is empty")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("class names repeat")
        return self

    @property
    def conditional(self) -> bool:
        """Whether samples carry a class label."""
        return bool(self.classes)

    def with_range(self, low: float, high: float) -> SampleSpec:
        """The same contract with another value range."""
        return SampleSpec.model_validate({**self.model_dump(), "low": low, "high": high})


class LatentSpec(Config):
    """What one latent is.

    Attributes:
        shape: Without the batch, e.g. `(100,)`.
        scaling_factor: Diffusion models on these latents see (z - shift_factor) * scaling_factor.
            `encode` and `decode` apply neither.
        shift_factor: See `scaling_factor`.
        space: Name of the latent space where several models have the same but for the two factors,
            `UNNAMED` where it is not known which; empty for a space of the model's own.
        codes: Where each place of (C, *places) is the vector of codes, how many codes there are; 0
            elsewhere.
        streams: Codes of one place.
    """

    shape: tuple[Dimension, ...] = Field(min_length=1, max_length=6)
    scaling_factor: float = Field(default=1.0, gt=0.0)
    shift_factor: float = 0.0
    space: str = Field(default="", pattern=SPACE)
    codes: int = Field(default=0, ge=0, le=1 << 30)
    streams: int = Field(default=1, ge=1, le=1024)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if math.prod(self.shape) > MAX_ELEMENTS:
            raise ValueError(f"a latent of shape {self.shape} is too large")
        return self


def parse_config(
    kind: type[ConfigType], values: Mapping[str, Any] | Config, what: str
) -> ConfigType:
    """Validate `values` as a `kind`. One that was validated is returned as it is.

    Raises:
        ConfigError: Names the first offending field of `what`, e.g. "architecture dcgan".
    """
    if isinstance(values, kind):
        return values
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            known = ", ".join(kind.model_fields) or "none"
            raise ConfigError(f"The {what} has no option '{field}'.", f"It has: {known}.") from None
        if not field:
            raise ConfigError(f"The options of the {what} do not go together: {reason}.") from None
        raise ConfigError(
            f"Option '{field}' of the {what} does not accept {first['input']!r}: {reason}."
        ) from None
