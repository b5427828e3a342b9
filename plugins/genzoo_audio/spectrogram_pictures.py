"""Sounds as pictures: log-mel spectrograms with axes in seconds and hertz. Imports no torch."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from genzoo_audio.mel_bands import mel_filters, to_mel

BANDS = 80
WINDOW_SECONDS = 0.032
FLOOR = -80.0
"""Decibels below full scale that are drawn as silence."""

WIDTH, HEIGHT = 144, 96
GAP, LEFT, BELOW = 3, 34, 14
INK = (90, 90, 90)

COLOURS = np.array(
    [
        *((0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129), (181, 54, 122)),
        *((229, 80, 100), (251, 135, 97), (254, 194, 135), (252, 253, 191)),
    ],
    np.float64,
)
"""The map `magma` of matplotlib, from dark to light."""


def mel_decibels(values: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Power in mel bands, in decibels; a sine of full scale is near 0.

    Args:
        values: (frames,) in [-1, 1].
        rate: Frames a second.

    Returns:
        (bands, times), low bands first.
    """
    size = 1 << max(5, round(math.log2(WINDOW_SECONDS * rate)))
    hop = max(size // 4, len(values) // (3 * WIDTH))
    padded = np.pad(values, (size // 2, size // 2))
    window = np.hanning(size + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    spectrum = np.abs(np.fft.rfft(frames * window)) / (size / 4)
    bands = min(BANDS, size // 4)
    power = mel_filters(rate, size, bands) @ np.square(spectrum).T
    decibels: NDArray[np.float32] = (10 * np.log10(power + 1e-12)).astype(np.float32)
    return decibels


def picture_of(sounds: NDArray[np.float32], rate: int, columns: int | None) -> NDArray[np.uint8]:
    """Spectrograms side by side, low frequencies below, (height, width, 3).

    The axes stand at the left and below: hertz on a mel scale, and seconds.

    Args:
        sounds: (N, channels, frames) in [-1, 1], at least one; channels are mixed.
        rate: Frames a second.
        columns: In a row. Default: as nearly square as can be.
    """
    count = len(sounds)
    columns = min(count, columns or math.ceil(math.sqrt(count)))
    rows = math.ceil(count / columns)
    size = (LEFT + columns * (WIDTH + GAP), GAP + rows * (HEIGHT + GAP) + BELOW)
    sheet = Image.new("RGB", size, "white")
    for number, sound in enumerate(sounds):
        cell = _cell(mel_decibels(sound.mean(0), rate))
        sheet.paste(cell, _place(number, columns))
    _draw_axes(sheet, rows, columns, rate, sounds.shape[2] / rate)
    return np.asarray(sheet)


def png_of(picture: NDArray[np.uint8]) -> bytes:
    """A picture (height, width, 3) as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def _place(number: int, columns: int) -> tuple[int, int]:
    return (
        LEFT + number % columns * (WIDTH + GAP),
        GAP + number // columns * (HEIGHT + GAP),
    )


def _cell(decibels: NDArray[np.float32]) -> Image.Image:
    unit = np.clip(1 - decibels[::-1] / FLOOR, 0, 1) * (len(COLOURS) - 1)
    lower = np.minimum(unit.astype(np.int64), len(COLOURS) - 2)
    part = (unit - lower)[..., None]
    colours = (1 - part) * COLOURS[lower] + part * COLOURS[lower + 1]
    image = Image.fromarray(np.rint(colours).astype(np.uint8))
    return image.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)


def _draw_axes(sheet: Image.Image, rows: int, columns: int, rate: int, seconds: float) -> None:
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=9)
    highest = float(to_mel(rate / 2))
    for row in range(rows):
        bottom = GAP + row * (HEIGHT + GAP) + HEIGHT
        for hertz in _hertz_ticks(rate / 2):
            y = bottom - float(to_mel(hertz)) / highest * HEIGHT
            pen.line([(LEFT - 4, y), (LEFT - 1, y)], fill=INK)
            name = f"{hertz / 1000:g}k" if hertz >= 1000 else f"{hertz:g}"
            pen.text((LEFT - 6, y), name, fill=INK, font=font, anchor="rm")
        pen.text((1, bottom - HEIGHT + 1), "Hz", fill=INK, font=font, anchor="lt")
    bottom = GAP + rows * (HEIGHT + GAP)
    for column in range(columns):
        left = LEFT + column * (WIDTH + GAP)
        for time in _second_ticks(seconds):
            x = left + time / seconds * (WIDTH - 1)
            pen.line([(x, bottom - GAP), (x, bottom)], fill=INK)
            anchor = "la" if time == 0 else "ra" if time > 0.95 * seconds else "ma"
            name = f"{time:g} s" if anchor == "ra" else f"{time:g}"
            pen.text((x, bottom), name, fill=INK, font=font, anchor=anchor)


def _hertz_ticks(highest: float) -> list[float]:
    """Frequencies that lie well apart on the mel scale, below `highest`."""
    known = (200.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0, 40_000.0, 100_000.0)
    ticks = [hertz for hertz in known if hertz < 0.9 * highest]
    return ticks or [highest / 2]


def _second_ticks(seconds: float) -> list[float]:
    """Zero, the end, and a round time between."""
    step = 10.0 ** math.floor(math.log10(seconds / 2))
    best = max(step * factor for factor in (1, 2, 5) if step * factor <= seconds / 2)
    return [0.0, best, round(seconds, 3)]
