"""Options of the kind `text` and of the architecture `text-vae`. Imports no torch."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, TypeAdapter, ValidationError, field_validator

from genzoo import Config, LabelPattern


class TextOptions(Config):
    """Options of the kind `text`."""

    tokens: str = Field(
        "chars",
        pattern=r"^(chars|bytes|bpe:[1-9][0-9]{0,4})$",
        description="What a text is cut into: chars, bytes, or bpe:4096 for pieces learned from "
        "the data (needs genzoo[text]).",
    )
    length: int | None = Field(
        None,
        ge=1,
        le=4096,
        description="Tokens of a text; more are cut off. Default: the longest in the data, at most "
        "256.",
    )
    items: Literal["lines", "files"] | None = Field(
        None,
        description="Whether a text is a line of a .txt file or all of it. Default: all of it "
        "where there are several .txt files.",
    )
    field: str | None = Field(
        None,
        max_length=200,
        description="Column or field that holds the texts, by name, or by number from 1. Default: "
        "one called text, else the first.",
    )
    label_from: str | None = Field(
        None,
        max_length=200,
        description="Column or field that holds the classes, by name, or by number from 1. A .txt "
        "file then has columns, tabs between them. Or a pattern of file names, as for images: "
        "'{label}_{take}'.",
    )
    vocabulary: str = Field(
        "",
        max_length=8_000_000,
        description="The tokens as JSON; made from the data.",
        json_schema_extra={"hidden": True},
    )

    @field_validator("label_from")
    @classmethod
    def _check_pattern(cls, value: str | None) -> str | None:
        if value is not None and "{" in value:
            try:
                TypeAdapter(LabelPattern).validate_python(value)
            except ValidationError as error:
                raise ValueError(error.errors()[0]["ctx"]["error"]) from None
        return value


class TextVAEConfig(Config):
    """Options of the architecture `text-vae`."""

    sampling_options: ClassVar[tuple[str, ...]] = ("top_p",)

    width: int = Field(128, ge=8, le=4096, description="Features of a token.")
    layers: int = Field(3, ge=1, le=64, description="Layers of the decoder.")
    encoder_layers: int = Field(2, ge=1, le=64, description="Layers of the encoder.")
    heads: int = Field(4, ge=1, le=64, description="Heads of attention; they divide the width.")
    latent_dim: int = Field(32, ge=1, le=4096, description="Size of the latent.")
    memory: int = Field(
        4, ge=1, le=64, description="Vectors that the encoder gathers and the decoder looks at."
    )
    dropout: float = Field(0.1, ge=0.0, le=0.9, description="Dropout in both networks.")
    word_dropout: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        description="Share of the tokens that are hidden from the decoder while training, so that "
        "it needs the latent.",
    )
    top_p: float = Field(
        1.0,
        gt=0.0,
        le=1.0,
        description="Draw only the likeliest tokens, together at least so probable.",
    )
