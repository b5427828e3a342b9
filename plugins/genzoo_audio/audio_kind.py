"""Sounds as a kind of content. Processes that decode import it: no torch at its top."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from genzoo import (
    Config,
    DataError,
    Decoded,
    Kind,
    Layout,
    SampleSpec,
    Sound,
    SpecError,
    UndecodableError,
    UsageError,
)
from genzoo_audio.options import DEFAULT_RATE, AudioOptions
from genzoo_audio.sound_files import FULL, Recording, read_rate, read_recording
from genzoo_audio.spectrogram_pictures import picture_of, png_of
from genzoo_audio.windows import Windows, cut

if TYPE_CHECKING:
    from torch import Tensor

PAUSE = 0.25
"""Seconds of silence between sounds in one file."""

FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG"}

LEAST_FRAMES = 16


class AudioKind(Kind):
    """Sounds of one length: rows (channels, frames) int16, samples (channels, frames) in [-1, 1).

    Raises:
        UsageError: A sound would have fewer than 16 values.
    """

    name: ClassVar[str] = "audio"
    noun: ClassVar[str] = "sound"
    array: ClassVar[str] = "sounds"
    columns: ClassVar[tuple[str, ...]] = ("audio",)
    endings: ClassVar[tuple[str, ...]] = (*FORMATS, ".png")
    preview_endings: ClassVar[tuple[str, ...]] = (".wav", ".png")
    snapshot_endings: ClassVar[tuple[str, ...]] = (".wav", ".png")
    folder_ending: ClassVar[str] = ".wav"
    reads: ClassVar[tuple[str, ...]] = (
        *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3"),
        *(".aif", ".aiff", ".aifc", ".au", ".w64", ".rf64", ".caf"),
    )

    config: AudioOptions

    def __init__(self, config: AudioOptions) -> None:
        super().__init__(config)
        if self.frames < LEAST_FRAMES:
            raise UsageError(
                f"Sounds of {config.seconds:g} s have {self.frames} values at {self.rate} Hz.",
                "Give more --seconds.",
            )

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self.config.rate or DEFAULT_RATE

    @property
    def frames(self) -> int:
        """Length of a sound in samples."""
        return round(self.rate * self.config.seconds)

    @property
    def layout(self) -> Layout:
        return Layout((self.config.channels or 1, self.frames), "int16")

    def spec(self, classes: Sequence[str] = ()) -> SampleSpec:
        return SampleSpec(
            kind=self.name,
            shape=self.layout.shape,
            classes=tuple(classes),
            sample_rate=self.rate,
        )

    def options_for_files(self, paths: Sequence[Path]) -> Config:
        """The rate that all files have, else 16,000; one channel."""
        rate = self.config.rate or _common_rate(paths) or DEFAULT_RATE
        return self._settled(rate, 1)

    def options_for_array(self, samples: NDArray[np.generic]) -> Config:
        return self._settled(self.rate, min(2, samples.shape[1]))

    def options_for_spec(self, spec: SampleSpec) -> Config:
        fits = spec.kind == self.name and len(spec.shape) == 2 and spec.shape[0] in (1, 2)
        if not fits or spec.sample_rate is None:
            raise SpecError(f"Sounds cannot be read as samples of kind {spec.kind}, {spec.shape}.")
        update = {
            "rate": spec.sample_rate,
            "channels": spec.shape[0],
            "seconds": spec.shape[1] / spec.sample_rate,
        }
        return self.config.model_copy(update=update)

    def _settled(self, rate: int, channels: int) -> Config:
        update = {"rate": rate, "channels": self.config.channels or channels}
        return self.config.model_copy(update=update)

    def decode(self, path: Path) -> Decoded:
        return self._decoded(path)

    def decode_bytes(self, content: bytes, name: str) -> Decoded:
        return self._decoded(content)

    def _decoded(self, file: Path | bytes) -> Decoded:
        channels, _ = self.layout.shape
        seconds = 60 * self.config.max_minutes
        recording = read_recording(file, self.rate, channels, seconds)
        windows = cut(recording.values, self.frames, self.config.silence)
        if not len(windows.rows):
            raise UndecodableError("it is silent")
        remarks, counts = self._told(recording, windows)
        return Decoded(windows.rows, remarks, counts=counts)

    def _told(
        self, recording: Recording, windows: Windows
    ) -> tuple[tuple[str, ...], dict[str, int]]:
        """What was done, for counting."""
        minutes, seconds = self.config.max_minutes, self.config.seconds
        happened = {
            f"Padded {{}} to {seconds:g} s with silence.": windows.padded,
            f"Cut {{}} of {seconds:g} s out of longer recordings.": len(windows.rows) > 1,
            "Clipped {} that went beyond full scale.": recording.clipped,
        }
        numbers = {
            f"Recordings used up to {minutes:g} minutes only: {{}}.": recording.cut,
            "Files that end before they should, used up to there: {}.": recording.short,
            f"Ends of recordings left out, under half of {seconds:g} s each: {{}}.": bool(
                windows.ending
            ),
            "Windows of silence left out: {}.": windows.silent,
            "Recordings whose ends lost their silence: {}.": bool(windows.trimmed),
        }
        remarks = tuple(text for text, is_so in happened.items() if is_so)
        return remarks, {text: int(number) for text, number in numbers.items() if number}

    def check(self, samples: NDArray[np.generic], name: str) -> NDArray[np.generic]:
        """(N, frames) or (N, channels, frames), int16 or real numbers in [-1, 1], as int16."""
        if samples.ndim == 2:
            samples = samples[:, None]
        if samples.ndim != 3 or samples.shape[1] not in (1, 2) or 0 in samples.shape:
            raise DataError(
                f"The sounds of '{name}' have shape {samples.shape}.",
                "They must be (number, channels, frames) with 1 or 2 channels.",
            )
        if samples.dtype == np.int16:
            return samples
        if samples.dtype.kind != "f":
            raise DataError(
                f"The sounds of '{name}' are {samples.dtype}.",
                "They must be int16, or real numbers from -1 to 1.",
            )
        largest = float(np.abs(samples.astype(np.float32)).max())
        if not largest <= 1.0:
            raise DataError(
                f"The sounds of '{name}' are not all from -1 to 1.",
                "Divide them by the largest absolute value.",
            )
        scaled = np.rint(np.asarray(samples, np.float64) * FULL)
        return np.clip(scaled, -FULL, FULL - 1).astype(np.int16)

    def adapt(self, sample: NDArray[np.generic]) -> Decoded:
        values = np.asarray(sample, np.int16)
        channels, _ = self.layout.shape
        if len(values) != channels:
            values = values.mean(0, keepdims=True) if channels == 1 else values.repeat(2, 0)
        windows = cut(np.rint(values).astype(np.int16), self.frames)
        remarks, _ = self._told(Recording(windows.rows[0]), windows)
        return Decoded(windows.rows[:1], remarks)

    def samples(self, rows: Tensor, spec: SampleSpec) -> Tensor:
        """int16 scaled to the range of `spec`: -32,768 becomes `low`, 32,768 would be `high`."""
        import torch

        span = (spec.high - spec.low) / 2
        return rows.to(torch.float32).div_(FULL / span).add_(spec.low + span)

    def rows(self, x: Tensor, spec: SampleSpec) -> NDArray[np.generic]:
        import torch

        if tuple(x.shape[1:]) != spec.shape:
            raise SpecError(f"Samples of shape {tuple(x.shape[1:])} are not {spec.shape}.")
        span = (spec.high - spec.low) / 2
        unit = (x.detach().float() - spec.low - span) / span
        scaled = torch.nan_to_num(unit * FULL).round().clamp(-FULL, FULL - 1)
        return scaled.to(torch.int16).cpu().numpy()

    def picture(self, x: Tensor, spec: SampleSpec, columns: int | None = None) -> NDArray[np.uint8]:
        """A grid of log-mel spectrograms with axes in seconds and hertz."""
        values = _unit(self.rows(x, spec))
        return picture_of(values, spec.sample_rate or self.rate, columns)

    def sound(self, x: Tensor, spec: SampleSpec) -> Sound:
        """All sounds one after the other, with pauses of a quarter of a second between them."""
        rows, rate = self.rows(x, spec), spec.sample_rate or self.rate
        pause = np.zeros((rows.shape[1], round(PAUSE * rate)), rows.dtype)
        pieces = [piece for row in rows for piece in (row, pause)][:-1]
        return Sound(_unit(np.concatenate(pieces, 1).T), rate)

    def encoded(
        self, x: Tensor, spec: SampleSpec, ending: str, columns: int | None = None
    ) -> bytes:
        if ending == ".png":
            return png_of(self.picture(x, spec, columns))
        sound, buffer = self.sound(x, spec), io.BytesIO()
        subtype = "VORBIS" if ending == ".ogg" else "PCM_16"
        soundfile.write(buffer, sound.values, sound.rate, subtype, format=FORMATS[ending])
        return buffer.getvalue()


def _unit(rows: NDArray[np.generic]) -> NDArray[np.float32]:
    return np.divide(rows, FULL, dtype=np.float32)


def _common_rate(paths: Sequence[Path]) -> int | None:
    """The rate of all files that are sounds, or None where they have several."""
    rates: set[int] = set()
    for path in paths:
        rate = read_rate(path)
        if rate is not None:
            rates.add(rate)
        if len(rates) > 1:
            return None
    return rates.pop() if rates else None
