"""Points in the plane as a kind of content, registered as a stranger's plugin would."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import toys
from PIL import Image, ImageDraw
from pydantic import Field

from genzoo import (
    ArchitectureSpec,
    Config,
    DataError,
    DatasetSpec,
    Decoded,
    Kind,
    KindSpec,
    LatentSpec,
    Layout,
    RawSamples,
    SampleSpec,
    UndecodableError,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 64


class PointOptions(Config):
    span: float | None = Field(None, gt=0, description="Greatest distance from the axes.")
    turned: bool = Field(False, description="Swap the coordinates.")


class PointsKind(Kind):
    """Points (x, y) in files of two columns, or in arrays (N, 2)."""

    name = "points"
    noun = "point"
    array = "points"
    endings = (".png", ".csv")
    reads = (".csv", ".txt")
    columns = ("place",)

    config: PointOptions

    @property
    def layout(self) -> Layout:
        return Layout((2,), "float32")

    def spec(self, classes: Sequence[str] = ()) -> SampleSpec:
        span = self.config.span or 1.0
        return SampleSpec(kind="points", shape=(2,), low=-span, high=span, classes=tuple(classes))

    def options_for_files(self, paths: Sequence[Path]) -> Config:
        parts = []
        for path in paths:
            try:
                parts.append(self.decode(path).rows)
            except (UndecodableError, ValueError):
                continue
        return self.options_for_array(np.concatenate(parts) if parts else np.zeros((1, 2)))

    def options_for_array(self, samples: np.ndarray) -> Config:
        span = self.config.span or float(np.abs(samples).max()) or 1.0
        return self.config.model_copy(update={"span": span})

    def decode(self, path: Path) -> Decoded:
        points = np.loadtxt(path, np.float32, delimiter="," if path.suffix == ".csv" else None)
        points = points.reshape(-1, 2)
        if not np.isfinite(points).all():
            raise UndecodableError("a number that is not finite")
        if not self.config.turned:
            return Decoded(points)
        return Decoded(
            points[:, ::-1], ("Turned {} round.",), counts={"Read {} lines.": len(points)}
        )

    def check(self, samples: np.ndarray, name: str) -> np.ndarray:
        if samples.ndim != 2 or samples.shape[1] != 2 or samples.dtype.kind != "f":
            raise DataError(f"The points of '{name}' are not numbers of shape (N, 2).")
        return samples.astype(np.float32)

    def samples(self, rows: Tensor, spec: SampleSpec) -> Tensor:
        span = self.config.span or 1.0
        return (rows / span + 1) / 2 * (spec.high - spec.low) + spec.low

    def rows(self, x: Tensor, spec: SampleSpec) -> np.ndarray:
        unit = (x.detach().float().cpu().clamp(spec.low, spec.high) - spec.low) / (
            spec.high - spec.low
        )
        return ((2 * unit - 1) * (self.config.span or 1.0)).numpy()

    def picture(self, x: Tensor, spec: SampleSpec, columns: int | None = None) -> np.ndarray:
        places = (self.rows(x, spec) / (self.config.span or 1.0) + 1) / 2 * (SIDE - 1)
        image = Image.new("L", (SIDE, SIDE), 255)
        ImageDraw.Draw(image).point([(float(x), SIDE - 1 - float(y)) for x, y in places], 0)
        return np.array(image)[:, :, None]

    def encoded(
        self, x: Tensor, spec: SampleSpec, ending: str, columns: int | None = None
    ) -> bytes:
        buffer = io.BytesIO()
        if ending == ".csv":
            np.savetxt(buffer, self.rows(x, spec), delimiter=",", fmt="%.9g")
        else:
            Image.fromarray(self.picture(x, spec)[:, :, 0]).save(buffer, "PNG")
        return buffer.getvalue()


class PointVAE(toys.ToyVAE):
    """The toy in the data's own range."""

    def __init__(self, config: toys.ToyConfig, sample: SampleSpec) -> None:
        self.config = config
        self.sample = sample
        self.latent = LatentSpec(shape=(toys.LATENT,))


def architecture(name: str, target: str, kinds: tuple[str, ...]) -> ArchitectureSpec:
    return ArchitectureSpec(
        name=name,
        family="vae",
        target=target,
        config="toys:ToyConfig",
        parts=("encoder", "decoder"),
        inference=("encoder", "decoder"),
        objective="elbo",
        kinds=kinds,
    )


def circle() -> RawSamples:
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    return RawSamples(np.stack([np.cos(angles), np.sin(angles)], 1), np.arange(40) // 20)


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    return [
        architecture("point-vae", "points_kind:PointVAE", ("points",)),
        architecture("any-vae", "toys:ToyVAE", ("image", "points", "smells")),
    ]


@hookimpl
def genzoo_kinds() -> list[KindSpec]:
    return [
        KindSpec(
            name="points",
            summary="Points in the plane",
            target="points_kind:PointsKind",
            config="points_kind:PointOptions",
        )
    ]


@hookimpl
def genzoo_datasets() -> list[DatasetSpec]:
    return [DatasetSpec(name="circle", target="points_kind:circle", version="1", kind="points")]
