"""Weights of the toys, as other programs would save them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from genzoo import Blueprint, Model
from genzoo.media.registered_kinds import find_kind
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry

Save = Callable[..., Path]


@pytest.fixture
def weights(toy_gan: Model) -> dict[str, Tensor]:
    """The toy generator's state, by its own names."""
    return dict(toy_gan.parts["generator"].state_dict())


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write anything with `torch.save`."""

    def save(content: Any, name: str = "weights.pth", **settings: Any) -> Path:
        torch.save(content, tmp_path / name, **settings)
        return tmp_path / name

    return save


@pytest.fixture
def wish(registry: Registry) -> Blueprint:
    """A toy GAN of 3x8x8 images."""
    return Blueprint(
        registry=registry,
        entry=registry[ArchitectureSpec].find("toy-gan"),
        kind=find_kind(registry, "image"),
        parts=("generator",),
        options={"size": 8},
    )
