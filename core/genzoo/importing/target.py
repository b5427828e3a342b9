"""The model that weights are to become."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from genzoo.artifact.load import outline
from genzoo.errors import CapabilityError
from genzoo.importing.match import Shapes
from genzoo.media.find_kind import load_kind, sample_contract
from genzoo.model.build import build_architecture, build_parts, check_kind, plugin_errors
from genzoo.model.model import Model
from genzoo.records import ArchitectureSpec, KindSpec
from genzoo.registry import Entry, Registry, load_target


@dataclass(frozen=True)
class Wish:
    """What the user said of the model.

    Attributes:
        registry: Where names are looked up.
        entry: The architecture.
        kind: What it is to model.
        parts: Names of the parts that the weights are for.
        config: Values of the architecture's configuration.
        options: Options of the kind, such as the size of images.
        classes: Class names in label order.
    """

    registry: Registry
    entry: Entry[ArchitectureSpec]
    kind: Entry[KindSpec]
    parts: tuple[str, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """A model to fill.

    Attributes:
        wish: What it follows, with what the weights told added.
        prefix: What all names of its tensors begin with.
        shapes: Shapes of its tensors, by name without the prefix, in order.
    """

    wish: Wish
    prefix: str
    shapes: dict[str, tuple[int, ...]]


class Targets:
    """The models that different shapes of weights lead to; each is built once, without values."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._known: dict[str, Target] = {}

    def of(self, shapes: Shapes) -> Target:
        """The model for weights of these shapes.

        Raises:
            GenzooError: There is none: a value out of bounds, samples that it cannot model.
        """
        wish = _informed(self._wish, shapes)
        key = json.dumps([wish.config, wish.options], sort_keys=True, default=str)
        if key not in self._known:
            self._known[key] = _target(wish)
        return self._known[key]


def build(wish: Wish) -> Model:
    """The model with the wished parts alone, with values of its own.

    Raises:
        CapabilityError: The architecture has no such part.
        ConfigError, PluginError, SpecError: As `build_architecture`.
    """
    check_kind(wish.entry.record, wish.kind.record.name)
    kind = load_kind(wish.kind, wish.options)
    sample = sample_contract(kind, wish.classes)
    _, architecture = build_architecture(wish.registry, wish.entry.full_name, wish.config, sample)
    parts = build_parts(wish.entry, architecture)
    for name in wish.parts:
        if name not in parts:
            raise CapabilityError(
                f"{wish.entry.full_name} has no part named '{name}'.",
                f"It has: {', '.join(parts)}.",
            )
    chosen: dict[str, nn.Module] = {name: parts[name] for name in wish.parts}
    with plugin_errors(wish.entry):
        return Model(wish.entry.full_name, architecture, chosen, kind=kind)


def _target(wish: Wish) -> Target:
    state = outline(lambda: build(wish)).state_dict()
    prefix = _common_prefix(list(state))
    shapes = {name[len(prefix) :]: tuple(tensor.shape) for name, tensor in state.items()}
    return Target(wish, prefix, shapes)


def _common_prefix(names: list[str]) -> str:
    """`parts.NAME.` if all tensors are of one part, `parts.` if all are of parts."""
    for depth in (2, 1):
        heads = {tuple(name.split(".")[:depth]) for name in names}
        if len(heads) == 1:
            return "".join(f"{word}." for word in heads.pop())
    return ""


def _informed(wish: Wish, shapes: Shapes) -> Wish:
    """The wish, with what the shapes tell where the user said nothing."""
    with plugin_errors(wish.entry):
        told = dict(load_target(wish.entry.record.target).infer(shapes))
    fields = load_target(wish.entry.record.config).model_fields
    config = {name: value for name, value in told.items() if name in fields}
    options = {name: value for name, value in told.items() if name not in fields}
    return Wish(
        registry=wish.registry,
        entry=wish.entry,
        kind=wish.kind,
        parts=wish.parts,
        config={**config, **wish.config},
        options={**options, **wish.options},
        classes=wish.classes,
    )
