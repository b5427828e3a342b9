"""Images as a kind, with the options spelt as a user spells them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from types import ModuleType
from typing import Any

import genzoo_sources
from genzoo.data.dataset import Dataset
from genzoo.data.open_dataset import open_dataset
from genzoo.interfaces.data_source import RawSamples
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.records import DatasetSpec
from genzoo.registry import Registry
from genzoo.specs import SampleSpec, parse_config

IMAGES = ImageKind(ImageOptions())

_NUMBERS = count()

SOURCES = Registry()
"""The data sources that come with genzoo."""
SOURCES.add_all(genzoo_sources.genzoo_sources(), "genzoo", "1")


def image_kind(**options: Any) -> ImageKind:
    return ImageKind(parse_config(ImageOptions, options, "data"))


def open_images(data: Any, **options: Any) -> Dataset:
    """`open_dataset` with the options of images among the others."""
    own = {name: options.pop(name) for name in ImageOptions.model_fields if name in options}
    return open_dataset(data, image_kind(**own), **({"registry": SOURCES} | options))


def naming(load: Callable[[], RawSamples], name: str = "tiny", version: str = "1") -> Registry:
    """A registry that knows the data set `name`, which `load` gives."""
    module = ModuleType(f"named_data_{next(_NUMBERS)}")
    vars(module)["load"] = load
    sys.modules[module.__name__] = module
    registry = Registry()
    spec = DatasetSpec(name=name, target=f"{module.__name__}:load", version=version)
    registry.add_all([spec], "tests", "1")
    return registry


def in_range(low: float, high: float) -> SampleSpec:
    return SampleSpec(shape=(3, 8, 8), low=low, high=high)
