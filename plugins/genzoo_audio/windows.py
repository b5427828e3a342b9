"""Recordings of any length as windows of one length. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FULL = 32_768
SHARE = 0.5
"""Share of a window that the end of a recording must fill to be used."""


@dataclass(frozen=True)
class Windows:
    """What became of a recording.

    Attributes:
        rows: (n, channels, length) int16; n may be 0.
        trimmed: Frames of silence that were cut off its ends.
        silent: Windows that were left out, as they held nothing but silence.
        padded: Whether it was shorter than a window.
        ending: Frames at its end that were left out, too few for a window.
    """

    rows: NDArray[np.int16]
    trimmed: int = 0
    silent: int = 0
    padded: bool = False
    ending: int = 0


def cut(values: NDArray[np.int16], length: int, silence: float | None = None) -> Windows:
    """Windows of `length` frames, one after the other.

    An end of at least half a window gets one that reaches back into the window before. A recording
    shorter than a window is followed by zeros.

    Args:
        values: (channels, frames) int16.
        length: Frames of a window.
        silence: What is quieter, in decibels below full scale, is left out; None keeps all.
    """
    trimmed, least = 0, 0.0
    if silence is not None:
        least = FULL * 10 ** (silence / 20)
        kept = trimmed_to(values, least)
        trimmed = values.shape[1] - kept.shape[1]
        values = kept
    frames = values.shape[1]
    if frames == 0:
        return Windows(np.zeros((0, len(values), length), np.int16), trimmed, silent=1)
    if frames < length:
        row = np.zeros((1, len(values), length), np.int16)
        row[0, :, :frames] = values
        return Windows(row, trimmed, padded=True)
    starts = list(range(0, frames - length + 1, length))
    ending = frames - starts[-1] - length
    if ending >= SHARE * length:
        starts.append(frames - length)
        ending = 0
    rows = np.stack([values[:, start : start + length] for start in starts])
    if silence is None:
        return Windows(rows, trimmed, ending=ending)
    loud = _loudest(rows).max(1) >= least
    return Windows(rows[loud], trimmed, int((~loud).sum()), ending=ending)


def trimmed_to(values: NDArray[np.int16], least: float) -> NDArray[np.int16]:
    """`values` (channels, frames) from the first to the last frame that reaches `least`."""
    loud = np.flatnonzero((np.abs(values.astype(np.int32)) >= least).any(0))
    return values[:, loud[0] : loud[-1] + 1] if len(loud) else values[:, :0]


def _loudest(rows: NDArray[np.int16]) -> NDArray[np.int32]:
    return np.maximum(rows.max(2).astype(np.int32), -rows.min(2).astype(np.int32))
