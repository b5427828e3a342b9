"""Latents of an autoencoder as a kind of content: what a model that works through one sees."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from genzoo.errors import DataError
from genzoo.interfaces.decoded import Layout
from genzoo.interfaces.kind import Kind
from genzoo.media.image_grids import encode_picture, grid
from genzoo.specs import Config, Dimension, SampleSpec

if TYPE_CHECKING:
    from torch import Tensor

HALF = "float16"


class LatentOptions(Config):
    """Shape and channel statistics of a data set's latents.

    Attributes:
        shape: (C, *places).
        mean: Mean of each channel, (C,).
        deviation: Standard deviation of each channel, (C,).
    """

    shape: tuple[Dimension, ...] = Field((1,), min_length=1, max_length=6)
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)


class LatentKind(Kind):
    """Rows are latents in half precision; samples are those with mean 0 and deviation 1."""

    name: ClassVar[str] = "latent"
    noun: ClassVar[str] = "latent"
    array: ClassVar[str] = "latents"
    endings: ClassVar[tuple[str, ...]] = (".npy", ".png")

    config: LatentOptions

    @property
    def layout(self) -> Layout:
        return Layout(self.config.shape, HALF)

    def spec(self, classes: Sequence[str] = ()) -> SampleSpec:
        return SampleSpec(
            kind=self.name, shape=self.config.shape, bounded=False, classes=tuple(classes)
        )

    def check(self, samples: NDArray[np.generic], name: str) -> NDArray[np.generic]:
        if samples.shape[1:] != self.config.shape or samples.dtype.kind != "f":
            raise DataError(
                f"'{name}' holds no latents of shape {self.config.shape}.",
                "Encode content with the same autoencoder: genzoo encode.",
            )
        return samples.astype(HALF)

    def samples(self, rows: Tensor, spec: SampleSpec) -> Tensor:
        return (rows.float() - self._along("mean", rows)) / self._along("deviation", rows)

    def rows(self, x: Tensor, spec: SampleSpec) -> NDArray[np.generic]:
        raw = x * self._along("deviation", x) + self._along("mean", x)
        rows: NDArray[np.generic] = raw.cpu().numpy().astype(HALF)
        return rows

    def picture(self, x: Tensor, spec: SampleSpec, columns: int | None = None) -> NDArray[np.uint8]:
        """The mean of all channels in grey, three deviations to either side of 0."""
        flat = x.float().mean(1) if x.dim() > 2 else x.float()
        pictures = flat.reshape(len(x), flat.shape[1], -1, 1)
        grey = ((pictures + 3) * (255 / 6)).clamp(0, 255).round()
        return grid(grey.cpu().numpy().astype(np.uint8), columns)

    def encoded(
        self, x: Tensor, spec: SampleSpec, ending: str, columns: int | None = None
    ) -> bytes:
        if ending == ".png":
            return encode_picture(self.picture(x, spec, columns), ending)
        content = io.BytesIO()
        np.save(content, self.rows(x, spec))
        return content.getvalue()

    def _along(self, name: str, like: Tensor) -> Tensor:
        """A statistic so that it goes along the channels of (n, C, *places)."""
        import torch

        values = torch.tensor(getattr(self.config, name), device=like.device)
        return values.view(-1, *[1] * (len(self.config.shape) - 1))
