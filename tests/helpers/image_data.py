"""Images as a kind, with the options spelt as a user spells them."""

from __future__ import annotations

from typing import Any

from genzoo.data.dataset import Dataset
from genzoo.data.open_dataset import open_dataset
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.specs import SampleSpec, parse_config

IMAGES = ImageKind(ImageOptions())


def image_kind(**options: Any) -> ImageKind:
    return ImageKind(parse_config(ImageOptions, options, "data"))


def open_images(data: Any, **options: Any) -> Dataset:
    """`open_dataset` with the options of images among the others."""
    own = {name: options.pop(name) for name in ImageOptions.model_fields if name in options}
    return open_dataset(data, image_kind(**own), **options)


def in_range(low: float, high: float) -> SampleSpec:
    return SampleSpec(shape=(3, 8, 8), low=low, high=high)
