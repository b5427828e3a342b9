"""A model that is to be filled with weights of another program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from genzoo.app.open_model import known_names
from genzoo.artifact.load import assemble, outline
from genzoo.artifact.save import save_model
from genzoo.data.kind_of_data import choose_kind
from genzoo.errors import CapabilityError
from genzoo.media.registered_kinds import kind_config, load_kind, sample_contract
from genzoo.model.build import (
    build_architecture,
    build_model,
    build_parts,
    check_kind,
    plugin_errors,
)
from genzoo.model.model import Model
from genzoo.plugins import manager
from genzoo.records import ArchitectureSpec, KindSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import Config
from genzoo.system.torch_globals import plain_modes


@dataclass(frozen=True)
class Blueprint:
    """What a model is to be, before it has weights.

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

    @classmethod
    def of(
        cls, architecture: str, kind: str | None = None, *, registry: Registry | None = None
    ) -> Blueprint:
        """That of the parts with which an architecture samples.

        Args:
            architecture: Its name.
            kind: What it is to model, for an architecture of several kinds.
            registry: Where names are looked up; by default what the installed plugins registered.

        Raises:
            UnknownNameError: There is no such architecture or kind.
            UsageError: The architecture is of several kinds, and none is named.
        """
        known = manager.default_manager().registry if registry is None else registry
        entry = known[ArchitectureSpec].find(architecture)
        content = choose_kind(known, entry, name=kind)
        return cls(known, entry, content, tuple(entry.record.inference))

    @property
    def config_class(self) -> type[Config]:
        """What `config` holds values of."""
        config: type[Config] = load_target(self.entry.record.config)
        return config

    @property
    def options_class(self) -> type[Config]:
        """What `options` holds values of."""
        return kind_config(self.kind)

    def informed(self, shapes: Mapping[str, tuple[int, ...]]) -> Blueprint:
        """With what weights of these shapes tell, where `config` and `options` say nothing.

        Raises:
            PluginError: The architecture's code fails.
        """
        with plugin_errors(self.entry):
            told = dict(load_target(self.entry.record.target).infer(shapes))
        fields = self.config_class.model_fields
        config = {name: value for name, value in told.items() if name in fields}
        options = {name: value for name, value in told.items() if name not in fields}
        return replace(self, config={**config, **self.config}, options={**options, **self.options})

    @plain_modes()
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the model's tensors by name, in order. None of them is given values.

        Raises:
            CapabilityError: The architecture has no such part.
            ConfigError, PluginError, SpecError: There is no such model.
        """
        state = outline(self._build).state_dict()
        return {name: tuple(tensor.shape) for name, tensor in state.items()}

    @plain_modes()
    def fill(self, tensors: Mapping[str, Tensor], source: Path) -> Model:
        """The model with these tensors as its state, ready for inference.

        Args:
            tensors: By the names of `shapes`.
            source: The file that they are from, for errors.

        Raises:
            ArtifactError: They do not fit.
            CapabilityError, ConfigError, PluginError, SpecError: As `shapes`.
        """
        return assemble(self._build, tensors, source)

    def save(
        self,
        model: Model,
        folder: Path,
        *,
        facts: Mapping[str, Any],
        licence: str = "",
        train: Mapping[str, Mapping[str, Tensor]] | None = None,
    ) -> None:
        """Write the model as an artifact, with a preview and golden samples.

        Args:
            model: That which `fill` made.
            folder: Where; new, empty, or with an artifact that it takes the place of.
            facts: Where the weights are from, as JSON, for the card.
            licence: SPDX identifier of the weights' licence.
            train: What training on needs beside the model, such as the discriminator: states of
                networks by `part.NAME`.

        Raises:
            ArtifactError: A weight is not a finite number.
            StorageError: The folder cannot be written.
            UsageError: `folder` holds something else.
        """
        save_model(
            model,
            folder,
            registry=self.registry,
            parts=self.parts,
            kind=self.kind.full_name,
            training=facts,
            licence=licence,
            train=train,
        )

    def _build(self) -> Model:
        """With values of its own."""
        check_kind(self.entry.record, self.kind.record.name)
        kind = load_kind(self.kind, self.options)
        sample = sample_contract(kind, self.classes)
        name = self.entry.full_name
        _, architecture = build_architecture(self.registry, name, self.config, sample)
        parts = build_parts(self.entry, architecture)
        for part in self.parts:
            if part not in parts:
                raise CapabilityError(
                    f"{name} has no part named '{part}'.", f"It has: {', '.join(parts)}."
                )
        chosen: dict[str, nn.Module] = {part: parts[part] for part in self.parts}
        with plugin_errors(self.entry):
            return Model(name, architecture, chosen, kind=kind)


def build(
    architecture: str,
    *,
    kind: str | None = None,
    classes: Sequence[str] = (),
    config: Mapping[str, Any] | None = None,
    seed: int = 0,
    registry: Registry | None = None,
    **options: Any,
) -> Model:
    """A freshly initialised model, with all its parts.

    Args:
        architecture: Its name, e.g. `dcgan`.
        kind: What it models, for an architecture that can model several kinds.
        classes: Class names in label order, for a conditional model.
        config: Values for the architecture's options; the others keep their defaults.
        seed: Names the initialisation; global random state is neither used nor moved.
        registry: Names; by default those of the installed plugins.
        options: The kind's options: `size` (default 64) and `channels` (default 3) of images.

    Raises:
        SpecError: The architecture cannot model such samples.
        UsageError: An unknown name or option, or a value out of bounds.
    """
    known = known_names(registry)
    entry = choose_kind(known, known[ArchitectureSpec].find(architecture), name=kind)
    bound = load_kind(entry, options)
    sample = sample_contract(bound, classes)
    return build_model(known, architecture, sample, config or {}, seed, kind=bound)
