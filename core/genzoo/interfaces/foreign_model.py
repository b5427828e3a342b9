"""A model that other software saved. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ForeignModel:
    """What a `config.json` of another format says, in genzoo's terms.

    Attributes:
        architecture: Name of the registered architecture.
        config: Values of that architecture's config; they are checked against its bounds.
        sample: Fields of the `genzoo.SampleSpec` to build it for.
        weights: Names that its safetensors file may have, the preferred one first.
        rename: From the name of a tensor in that file to `PART.NAME` in the built model. What it
            names must be exactly what the model has.
    """

    architecture: str
    config: Mapping[str, Any]
    sample: Mapping[str, Any]
    weights: tuple[str, ...]
    rename: Callable[[str], str] = str
