"""Sound files as 16-bit numbers, read block by block so that memory has a bound.

soundfile (libsndfile) reads wav, flac, ogg and mp3, soxr resamples. Nothing here imports torch:
processes that decode import it.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from genzoo import UndecodableError

BLOCK = 1 << 18
"""Numbers that are read at a time."""

FULL = 32_768
"""What 1.0 is in 16 bits."""

MOST_CHANNELS = 64


@dataclass(frozen=True)
class Recording:
    """What was read of a file.

    Attributes:
        values: (channels, frames) int16.
        cut: Whether the file goes on after the limit.
        short: Whether the file ends before its header says.
        clipped: Whether there were values beyond full scale.
    """

    values: NDArray[np.int16]
    cut: bool = False
    short: bool = False
    clipped: bool = False


def read_recording(
    file: Path | bytes, rate: int, channels: int, seconds: float = math.inf
) -> Recording:
    """The first `seconds` of a file, resampled to `rate`.

    Args:
        file: Its path or content.
        rate: Samples a second.
        channels: 1 takes the mean of all channels; 2 takes the first two, or one twice.
        seconds: How much is read at most.

    Raises:
        UndecodableError: It is not sound, holds none, is damaged, or has values that are not
            finite.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(file) if isinstance(file, bytes) else file) as opened:
            return _read(opened, rate, channels, seconds)
    except (soundfile.SoundFileError, OSError, MemoryError, TypeError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise
        raise UndecodableError("it is damaged, or not a sound that can be read") from error


def read_rate(path: Path) -> int | None:
    """Samples a second of a file, or None where it is not a sound."""
    try:
        return int(soundfile.info(str(path)).samplerate)
    except (soundfile.SoundFileError, OSError, MemoryError, TypeError, ValueError):
        return None


def _read(opened: soundfile.SoundFile, rate: int, channels: int, seconds: float) -> Recording:
    if opened.channels > MOST_CHANNELS:
        raise UndecodableError(f"it has {opened.channels} channels")
    most = math.inf if math.isinf(seconds) else round(seconds * opened.samplerate)
    resampler = None
    if opened.samplerate != rate:
        resampler = soxr.ResampleStream(opened.samplerate, rate, channels, dtype="float32")
    pieces: list[NDArray[np.int16]] = []
    frames, clipped = 0, False
    for block in _blocks(opened, channels):
        block = block[: int(min(len(block), most - frames))]
        frames += len(block)
        if resampler is not None:
            block = resampler.resample_chunk(block)
        # Sinc filters overshoot a little: only what is far beyond was beyond before.
        clipped = clipped or bool(len(block) and np.abs(block).max() > 1.1)
        pieces.append(_to_16_bit(block))
        if frames >= most:
            break
    if resampler is not None:
        pieces.append(_to_16_bit(resampler.resample_chunk(_nothing(channels), last=True)))
    if not frames:
        raise UndecodableError("it holds no sound")
    values = np.ascontiguousarray(np.concatenate(pieces).T)
    claimed = opened.frames
    return Recording(
        values, frames >= most and claimed > most, frames < min(claimed, most), clipped
    )


def _blocks(opened: soundfile.SoundFile, channels: int) -> Iterator[NDArray[np.float32]]:
    """Blocks (frames, channels) as they come, until the file ends."""
    size = max(1, BLOCK // opened.channels)
    while True:
        block = opened.read(size, dtype="float32", always_2d=True)
        if not len(block):
            return
        if not np.isfinite(block).all():
            raise UndecodableError("it has values that are not finite")
        yield _mixed(block, channels)


def _mixed(block: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    if channels == 1:
        return block.mean(1, keepdims=True)
    return block[:, :2] if block.shape[1] > 1 else block.repeat(2, 1)


def _nothing(channels: int) -> NDArray[np.float32]:
    return np.zeros((0, channels), np.float32)


def _to_16_bit(values: NDArray[np.float32]) -> NDArray[np.int16]:
    """Values in [-1, 1], rounded and clamped."""
    scaled = np.rint(values * FULL)
    return np.clip(scaled, -FULL, FULL - 1).astype(np.int16)
