"""Short sounds as a kind of content, written from the documentation as a stranger would."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from pydantic import Field
from torch import nn

from genzoo import (
    Architecture,
    ArchitectureSpec,
    Config,
    DataError,
    Decoded,
    Decoder,
    DiagonalGaussian,
    Encoder,
    FeatureExtractor,
    FeatureSpec,
    Gaussian,
    Kind,
    KindSpec,
    LatentSpec,
    Layout,
    Likelihood,
    Posterior,
    SampleSpec,
    SpecError,
    UndecodableError,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Tensor

LATENT = 4
WINDOWS = 8


class SoundOptions(Config):
    rate: int = Field(800, ge=1, le=192_000, description="Values a second.")
    values: int = Field(64, ge=8, le=1_000_000, description="Length of a sound, in values.")


class SoundsKind(Kind):
    """Sounds in .wav files with 16 bits and one channel, called `CLASS_ANYTHING.wav`."""

    name = "sounds"
    noun = "sound"
    array = "sounds"
    endings = (".wav", ".png")
    reads = (".wav",)
    preview_endings = (".wav", ".png")
    snapshot_endings = (".png",)
    folder_ending = ".wav"

    config: SoundOptions

    @property
    def layout(self) -> Layout:
        return Layout((1, self.config.values), "int16")

    def spec(self, classes: Sequence[str] = ()) -> SampleSpec:
        return SampleSpec(kind="sounds", shape=self.layout.shape, classes=tuple(classes))

    def options_for_spec(self, spec: SampleSpec) -> Config:
        if spec.kind != "sounds":
            raise SpecError("Sounds are not samples of that model.")
        return self.config.model_copy(update={"values": spec.shape[1]})

    def decode(self, path: Path) -> Decoded:
        with wave.open(str(path)) as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise UndecodableError("it does not have one channel of 16 bits")
            values = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        row = np.zeros(self.config.values, np.int16)
        row[: len(values)] = values[: len(row)]
        label, found, _ = path.stem.partition("_")
        remarks = ("Cut the end off {}.",) if len(values) > len(row) else ()
        return Decoded(row[None, None], remarks, (label,) if found else ())

    def check(self, samples: np.ndarray, name: str) -> np.ndarray:
        if samples.ndim != 3 or samples.dtype != np.int16:
            raise DataError(f"'{name}' has no sounds, (N, 1, length) int16.")
        return samples

    def samples(self, rows: Tensor, spec: SampleSpec) -> Tensor:
        return rows.float() / 32768

    def rows(self, x: Tensor, spec: SampleSpec) -> np.ndarray:
        values = x.detach().cpu().float().clamp(-1, 1) * 32768
        return values.round().clamp(-32768, 32767).short().numpy()

    def picture(self, x: Tensor, spec: SampleSpec, columns: int | None = None) -> np.ndarray:
        loudness = np.abs(self.rows(x, spec).astype(np.int32)).reshape(len(x), -1) >> 7
        return loudness.clip(0, 255).astype(np.uint8)[:, :, None]

    def encoded(
        self, x: Tensor, spec: SampleSpec, ending: str, columns: int | None = None
    ) -> bytes:
        buffer = io.BytesIO()
        if ending == ".png":
            Image.fromarray(self.picture(x, spec)[:, :, 0]).save(buffer, "PNG")
            return buffer.getvalue()
        with wave.open(buffer, "wb") as file:
            file.setparams((1, 2, self.config.rate, 0, "NONE", ""))
            file.writeframes(self.rows(x, spec).astype("<i2").tobytes())
        return buffer.getvalue()


class Ear(Encoder):
    def __init__(self, length: int) -> None:
        super().__init__()
        self.layer = nn.Linear(length, 2 * LATENT)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Posterior:
        return DiagonalGaussian(*self.layer(x.flatten(1)).chunk(2, 1))


class Mouth(Decoder):
    def __init__(self, length: int, classes: int) -> None:
        super().__init__()
        self.classes = nn.Embedding(max(1, classes), LATENT)
        self.layer = nn.Linear(LATENT, length)
        self.log_variance = nn.Parameter(self.layer.bias.new_zeros(()))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        given = z if labels is None else z + self.classes(labels)
        return Gaussian(self.layer(given).tanh().unsqueeze(1), self.log_variance, -1.0, 1.0)


class SoundVAE(Architecture):
    """One linear layer each way; its samples are means. The encoder needs no classes."""

    def __init__(self, config: Config, sample: SampleSpec) -> None:
        super().__init__(config, sample)
        self.latent = LatentSpec(shape=(LATENT,))

    def build(self) -> Mapping[str, nn.Module]:
        length = self.sample.shape[1]
        return {"encoder": Ear(length), "decoder": Mouth(length, len(self.sample.classes))}


class Loudness(FeatureExtractor):
    """Root mean squares in a few windows, and mean values."""

    hash = "1"

    def extract(self, rows: Tensor) -> Tensor:
        windows = rows.float().flatten(1)[:, : rows.shape[-1] // WINDOWS * WINDOWS] / 32768
        return windows.unflatten(1, (WINDOWS, -1)).square().mean(2).sqrt()


@hookimpl
def genzoo_kinds() -> list[KindSpec]:
    return [
        KindSpec(
            name="sounds",
            summary="Short sounds",
            target="sounds_kind:SoundsKind",
            config="sounds_kind:SoundOptions",
        )
    ]


@hookimpl
def genzoo_features() -> list[FeatureSpec]:
    return [
        FeatureSpec(
            name="loudness",
            summary="How loud a sound is when",
            target="sounds_kind:Loudness",
            kinds=("sounds",),
            preferred=20,
        )
    ]


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    return [
        ArchitectureSpec(
            name="sound-vae",
            summary="A linear VAE of short sounds",
            family="vae",
            target="sounds_kind:SoundVAE",
            config="genzoo:Config",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="elbo",
            kinds=("sounds",),
        )
    ]
