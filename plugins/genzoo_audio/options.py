"""What sounds are made into. Nothing here imports torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from genzoo import Config, LabelPattern

DEFAULT_RATE = 16_000
"""Samples a second where files have several rates, and arrays none."""

DEFAULT_SECONDS = 1.0

MOST_MINUTES = 60.0
"""Of a recording, unless another limit is asked for."""


class AudioOptions(Config):
    """What the sounds of a data set are made into.

    Attributes:
        rate: Samples a second. By default that of the files, where all have one, else 16,000.
        seconds: Length of a sound. Longer recordings are cut into windows, shorter ones padded.
        channels: 1 mixes all channels, 2 doubles a single one. By default 1, of arrays their own.
        silence: What is quieter than this many decibels below full scale counts as silence: it is
            cut off the ends of recordings, and windows that hold nothing else are left out.
        label_from: How the names of files tell the class, such as `{label}_{speaker}_{take}`.
        max_minutes: Of a longer recording this much is read: a small file can claim any length.
    """

    rate: int | None = Field(None, ge=100, le=384_000, description="Samples a second.")
    seconds: float = Field(
        DEFAULT_SECONDS,
        gt=0.0,
        le=600.0,
        description="Length of a sound; longer recordings are cut into windows.",
    )
    channels: Literal[1, 2] | None = Field(None, description="1 for mono, 2 for stereo.")
    silence: float | None = Field(
        None,
        ge=-120.0,
        le=0.0,
        description="Leave out what is quieter than this, in dB: -50 is quiet. Default: nothing.",
    )
    label_from: LabelPattern | None = Field(
        None, description="How file names tell the class, e.g. '{label}_{speaker}_{take}'."
    )
    max_minutes: float = Field(
        MOST_MINUTES, gt=0.0, le=1440.0, description="Of a longer recording only this is used."
    )
