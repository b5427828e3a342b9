"""From what was typed to a loaded model, its labels and its precision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genzoo.cli.hub_progress import at_hand
from genzoo.errors import CapabilityError
from genzoo.model.labels import class_index

if TYPE_CHECKING:
    from genzoo.interfaces.kind import Kind
    from genzoo.model.model import Model
    from genzoo.registry import Registry
    from genzoo.specs import SampleSpec


@dataclass(frozen=True)
class Computing:
    """The options that every command with a model has."""

    device: str
    precision: str
    batch_size: int

    def load(self, name: str, registry: Registry) -> Model:
        """The model of that name, on the device; pulled from the Hub if it has to be."""
        folder = at_hand(name, registry)

        from genzoo.api import load
        from genzoo.training.hardware import choose_device

        return load(folder, device=str(choose_device(self.device)), registry=registry)

    def cast(self, model: Model) -> AbstractContextManager[object]:
        """Within it the model computes in the precision."""
        import torch

        from genzoo.training.hardware import choose_precision

        if choose_precision(self.precision, model.device) == "fp32":
            return nullcontext()
        return torch.autocast(model.device.type, dtype=torch.bfloat16)


def kind_of(model: str, registry: Registry) -> Kind:
    """What the samples of the model of that name are; it is not loaded for that.

    Raises:
        ArtifactError, PluginError, UnknownNameError: As for loading it.
    """
    from genzoo.artifact.artifact_kind import artifact_kind
    from genzoo.artifact.describe import describe

    folder = at_hand(model, registry)
    return artifact_kind(describe(folder, registry).config, registry, folder)


def require_encoder(model: Model) -> None:
    """Raise CapabilityError, before any data is read, unless `model` can encode."""
    from genzoo.model import encoding as encoders

    encoders.require_encoder(model.parts.values(), model.name)


label_option = click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME|INDEX",
    help="Class to sample; given several times, the classes take turns. Default: all in turn.",
)


def class_indices(labels: Sequence[str], spec: SampleSpec, count: int) -> list[int] | None:
    """A class for each of `count` samples, from names or indices that take turns.

    Raises:
        CapabilityError: The model has no classes.
        UnknownNameError: No class has that name or index.
    """
    if not labels:
        return None
    if not spec.conditional:
        raise CapabilityError("The model was trained without classes.", "Leave --label out.")
    chosen = [class_index(label, spec.classes) for label in labels]
    return [chosen[number % len(chosen)] for number in range(count)]


def default_path(model: str, ending: str) -> Path:
    """A file in the working directory named after the model: `peeps-gan` and `-seed0.png`."""
    name = re.split(r"[/\\]", model.rstrip("/\\"))[-1].partition("@")[0]
    return Path(f"{re.sub(r'[^A-Za-z0-9._-]', '_', name).strip('.') or 'model'}{ending}")
