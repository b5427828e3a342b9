"""Short lines of text as a kind of content, written from the documentation as a stranger would."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from pydantic import Field
from torch import nn

from genzoo import (
    Architecture,
    ArchitectureSpec,
    Categorical,
    Config,
    DataError,
    Decoded,
    Decoder,
    DiagonalGaussian,
    Encoder,
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

LETTERS = "\0 abcdefghijklmnopqrstuvwxyz"
LATENT = 3


class LineOptions(Config):
    length: int = Field(8, ge=1, le=1000, description="Letters of a line; more are cut off.")


class LinesKind(Kind):
    """Files with a line an item and perhaps, after a tab, its class."""

    name = "lines"
    noun = "line"
    array = "lines"
    endings = (".txt",)
    reads = (".txt", ".tsv")

    config: LineOptions

    @property
    def layout(self) -> Layout:
        return Layout((self.config.length,), "uint8")

    def spec(self, classes: Sequence[str] = ()) -> SampleSpec:
        high = len(LETTERS) - 1.0
        shape = (self.config.length,)
        return SampleSpec(kind="lines", shape=shape, low=0.0, high=high, classes=tuple(classes))

    def options_for_spec(self, spec: SampleSpec) -> Config:
        if spec.kind != "lines":
            raise SpecError("Lines are not samples of that model.")
        return self.config.model_copy(update={"length": spec.shape[0]})

    def decode(self, path: Path) -> Decoded:
        pairs = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line]
        if not pairs:
            raise UndecodableError("it is empty")
        long = any(len(pair[0]) > self.config.length for pair in pairs)
        rows = np.array([self._row(pair[0]) for pair in pairs])
        labels = tuple(pair[1] for pair in pairs if len(pair) > 1)
        remarks = ("Cut the end off some of {}.",) if long else ()
        if len(labels) not in (0, len(rows)):
            raise UndecodableError("some lines say their class and some do not")
        return Decoded(rows, remarks, labels)

    def _row(self, text: str) -> np.ndarray:
        row = np.zeros(self.config.length, np.uint8)
        numbers = [LETTERS.find(letter) for letter in text.lower()[: len(row)]]
        if min(numbers) < 1:
            raise UndecodableError(f"a letter that is unknown in '{text}'")
        row[: len(numbers)] = numbers
        return row

    def check(self, samples: np.ndarray, name: str) -> np.ndarray:
        if samples.ndim != 2 or samples.dtype != np.uint8:
            raise DataError(f"'{name}' has no lines, (N, length) uint8.")
        return samples

    def samples(self, rows: Tensor, spec: SampleSpec) -> Tensor:
        return rows.float()

    def rows(self, x: Tensor, spec: SampleSpec) -> np.ndarray:
        return x.detach().cpu().float().round().clamp(spec.low, spec.high).byte().numpy()

    def texts(self, x: Tensor, spec: SampleSpec) -> list[str]:
        rows = self.rows(x, spec)
        return ["".join(LETTERS[number] for number in row).partition("\0")[0] for row in rows]

    def picture(self, x: Tensor, spec: SampleSpec, columns: int | None = None) -> np.ndarray:
        image = Image.new("L", (8 * self.config.length, 12 * len(x)), 255)
        ImageDraw.Draw(image).multiline_text((0, 0), "\n".join(self.texts(x, spec)), 0)
        return np.array(image)[:, :, None]

    def encoded(
        self, x: Tensor, spec: SampleSpec, ending: str, columns: int | None = None
    ) -> bytes:
        buffer = io.StringIO()
        buffer.writelines(f"{text}\n" for text in self.texts(x, spec))
        return buffer.getvalue().encode()


class LineVAEConfig(Config):
    width: int = Field(16, ge=1, le=4096, description="Width of the hidden layer.")


class Reader(Encoder):
    def __init__(self, width: int, length: int, classes: int) -> None:
        super().__init__()
        self.letters = nn.Embedding(len(LETTERS), width)
        self.classes = nn.Embedding(max(1, classes), width)
        self.head = nn.Linear(width * length, 2 * LATENT)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Posterior:
        hidden = self.letters(x.round().long())
        if labels is not None:
            hidden = hidden + self.classes(labels)[:, None]
        mean, log_variance = self.head(hidden.flatten(1)).chunk(2, 1)
        return DiagonalGaussian(mean, log_variance)


class Writer(Decoder):
    def __init__(self, width: int, length: int, classes: int) -> None:
        super().__init__()
        self.classes = nn.Embedding(max(1, classes), LATENT)
        self.body = nn.Sequential(
            nn.Linear(LATENT, width), nn.SiLU(), nn.Linear(width, length * len(LETTERS))
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        given = z if labels is None else z + self.classes(labels)
        return Categorical(self.body(given).float().unflatten(1, (-1, len(LETTERS))))


class LineVAE(Architecture):
    """Letters that are independent given the latent; samples are drawn from that."""

    draws_samples = True
    config: LineVAEConfig

    def __init__(self, config: LineVAEConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample)
        self.latent = LatentSpec(shape=(LATENT,))

    def build(self) -> Mapping[str, nn.Module]:
        sizes = (self.config.width, self.sample.shape[0], len(self.sample.classes))
        return {"encoder": Reader(*sizes), "decoder": Writer(*sizes)}


@hookimpl
def genzoo_kinds() -> list[KindSpec]:
    return [
        KindSpec(
            name="lines",
            summary="Short lines of small letters",
            target="lines_kind:LinesKind",
            config="lines_kind:LineOptions",
        )
    ]


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    return [
        ArchitectureSpec(
            name="line-vae",
            summary="A VAE of short lines",
            family="vae",
            target="lines_kind:LineVAE",
            config="lines_kind:LineVAEConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="elbo",
            kinds=("lines",),
        )
    ]
