"""Points in the plane as a kind of content: how they are read, drawn and written."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from genzoo import Config, DataError, Kind, Layout, SampleSpec, SpecError
from genzoo_flow.configs import PointOptions

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 384
RADIUS = 1.5
INK = (31, 79, 130)
MARGIN = 1.25


class Points(Kind):
    """Points (x, y) of arrays (N, 2), in the square from -extent to extent.

    They are drawn all in one picture, and written as .npz in the units that they came in.

    Args:
        config: The square.
    """

    name = "points"
    noun = "point"
    array = "points"
    endings = (".png",)

    config: PointOptions

    @property
    def extent(self) -> float:
        """Half of the square's side."""
        return self.config.extent or 1.0

    @property
    def layout(self) -> Layout:
        """Two numbers, as they came."""
        return Layout((2,), "float32")

    def spec(self, classes: Sequence[str] = ()) -> SampleSpec:
        """Points in their square."""
        return SampleSpec(
            kind=self.name, shape=(2,), low=-self.extent, high=self.extent, classes=tuple(classes)
        )

    def options_for_array(self, samples: NDArray[np.generic]) -> Config:
        """The given extent, or one that leaves a margin around the points."""
        if self.config.extent is not None:
            return self.config
        farthest = float(np.abs(np.asarray(samples, np.float32)).max())
        return PointOptions(extent=MARGIN * farthest or 1.0)

    def check(self, samples: NDArray[np.generic], name: str) -> NDArray[np.generic]:
        """The points of the data set `name`, (N, 2) float32.

        Raises:
            DataError: They are not finite in the square, two for each point.
        """
        if samples.ndim != 2 or samples.shape[1] != 2 or samples.dtype.kind not in "fiu":
            raise DataError(
                f"The points of '{name}' are {samples.dtype} of shape {samples.shape}.",
                "They must be numbers of shape (number, 2).",
            )
        points = samples.astype(np.float32)
        if not np.isfinite(points).all():
            raise DataError(f"Some points of '{name}' are not finite.")
        if self.config.extent is not None and np.abs(points).max() > self.config.extent:
            raise DataError(
                f"The points of '{name}' reach out to {np.abs(points).max():.3g}.",
                "Give a greater --extent, or none.",
            )
        return points

    def samples(self, rows: Tensor, spec: SampleSpec) -> Tensor:
        """Points (n, 2) scaled from their square to the range of `spec`."""
        return spec.low + (rows / self.extent + 1) / 2 * (spec.high - spec.low)

    def rows(self, x: Tensor, spec: SampleSpec) -> NDArray[np.float32]:
        """Samples (n, 2) in the units of the data.

        Raises:
            SpecError: They are not points.
        """
        if tuple(x.shape[1:]) != (2,):
            raise SpecError(f"Samples of shape {tuple(x.shape[1:])} are not points.")
        unit = (x.detach().float().cpu() - spec.low) / (spec.high - spec.low)
        points: NDArray[np.float32] = ((2 * unit.clamp(0, 1) - 1) * self.extent).numpy()
        return points

    def picture(self, x: Tensor, spec: SampleSpec, columns: int | None = None) -> NDArray[np.uint8]:
        """All points in their square, y upwards, (SIDE, SIDE, 3)."""
        image = Image.new("RGB", (SIDE, SIDE), "white")
        pen = ImageDraw.Draw(image)
        for right, up in self.rows(x, spec) / self.extent:
            place = ((1 + right) / 2 * (SIDE - 1), (1 - up) / 2 * (SIDE - 1))
            pen.ellipse([c + d for d in (-RADIUS, RADIUS) for c in place], fill=INK)
        return np.asarray(image)

    def encoded(
        self, x: Tensor, spec: SampleSpec, ending: str, columns: int | None = None
    ) -> bytes:
        """The picture as PNG."""
        buffer = io.BytesIO()
        Image.fromarray(self.picture(x, spec)).save(buffer, "PNG")
        return buffer.getvalue()
