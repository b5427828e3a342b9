"""The hooks that a plugin may implement.

Each returns plain records: importing a plugin must not import torch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from genzoo.records import ArchitectureSpec, DatasetSpec, ModelSpec, ObjectiveSpec, PriorSpec

PROJECT = "genzoo"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs:
    """Every hook, with the version that added it."""

    @hookspec
    def genzoo_architectures(self) -> Iterable[ArchitectureSpec]:
        """Recipes for networks. Since 0.1."""
        raise AssertionError("a specification is never called")

    @hookspec
    def genzoo_objectives(self) -> Iterable[ObjectiveSpec]:
        """Ways to learn. Since 0.1."""
        raise AssertionError("a specification is never called")

    @hookspec
    def genzoo_priors(self) -> Iterable[PriorSpec]:
        """Latent distributions to fit after training. Since 0.1."""
        raise AssertionError("a specification is never called")

    @hookspec
    def genzoo_datasets(self) -> Iterable[DatasetSpec]:
        """Data sets known by name. Since 0.1."""
        raise AssertionError("a specification is never called")

    @hookspec
    def genzoo_models(self) -> Iterable[ModelSpec]:
        """Pretrained models for the zoo. Since 0.1."""
        raise AssertionError("a specification is never called")
