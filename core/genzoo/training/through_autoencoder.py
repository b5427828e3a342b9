"""The autoencoder that a run trains through: found, loaded, and fitted to the data.

Imports no torch until it loads one: the command line asks here what an autoencoder models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genzoo.artifact.describe import Description, artifact_kind, describe
from genzoo.artifact.file_hashes import describe_file
from genzoo.artifact.format import ThroughRecord
from genzoo.errors import ArtifactError, CapabilityError, UsageError
from genzoo.hub.reference import HubReference, as_reference
from genzoo.hub.resolve_model_name import find_model, hub_folder
from genzoo.interfaces.kind import Kind
from genzoo.records import KindSpec, ModelSpec
from genzoo.registry import Entry, Registry
from genzoo.specs import SampleSpec

if TYPE_CHECKING:
    from torch import Tensor

    from genzoo.model.model import Model
    from genzoo.model.through import AutoencoderSource

CARRIED_BYTES = 20_000_000
"""A model carries the weights of its autoencoder up to this size, or names it on the Hub."""


@dataclass(frozen=True)
class Autoencoder:
    """An autoencoder on this machine.

    Attributes:
        name: As the user said it.
        folder: The artifact.
        reference: What it is on the Hub, at a commit; None elsewhere.
        registry: Where its architecture and kind are looked up.
    """

    name: str
    folder: Path
    reference: HubReference | None
    registry: Registry

    @classmethod
    def find(cls, name: str, registry: Registry) -> Autoencoder:
        """The model that `name` means, pulled if it has to be.

        Raises:
            GenzooError: As `find_model`.
        """
        found = find_model(name, registry)
        reference = None
        if found.origin == "hub":
            reference = as_reference(name)
        elif found.origin == "zoo":
            reference = as_reference(registry[ModelSpec].find(name).record.location)
        pinned = None if reference is None else reference.at(found.folder.name)
        return cls(name, found.folder, pinned, registry)

    @property
    def lasting_name(self) -> str:
        """What means it from any folder, at any time."""
        if self.reference is not None:
            return str(self.reference)
        return self.name if not Path(self.name).exists() else str(self.folder.absolute())

    @property
    def kind_entry(self) -> Entry[KindSpec]:
        """The kind of its samples."""
        return self.registry[KindSpec].find(self._described.config.kind)

    def kind(self, options: Mapping[str, Any]) -> Kind:
        """The kind of its samples: its own options, and those that are given.

        Raises:
            ConfigError: An option it lacks, or a value out of bounds.
            SpecError: The kind cannot make its samples.
        """
        from genzoo.media.registered_kinds import load_kind

        config = self._described.config
        own = artifact_kind(config, self.registry, self.folder)
        fitted = own.options_for_spec(config.sample).model_dump()
        return load_kind(self.kind_entry, {**fitted, **options})

    def load(self, sample: SampleSpec) -> Model:
        """It for such samples.

        Raises:
            ArtifactError, PluginError: It cannot be loaded.
            CapabilityError: It does not encode, has classes, or works through another one itself.
            SpecError, UsageError: It does not take such samples.
        """
        from genzoo.artifact.load import load_described
        from genzoo.model.encoding import require_encoder
        from genzoo.model.reshape import reshape

        if self._described.config.through is not None:
            raise CapabilityError(
                f"{self.name} works through an autoencoder itself.", "Name that autoencoder."
            )
        model = load_described(self._described, self.registry)
        model.name = self.name
        require_encoder(model.parts.values(), self.name)
        if model.sample_spec.conditional:
            raise CapabilityError(
                f"{self.name} has classes, and an autoencoder to train through has none.",
                "Train one without --conditional.",
            )
        if sample.kind != model.sample_spec.kind:
            raise UsageError(f"{self.name} encodes {model.sample_spec.kind}, not {sample.kind}.")
        return reshape(model, sample.shape)

    @property
    def source(self) -> AutoencoderSource:
        """What a model that works through it keeps of where it is from."""
        from genzoo.model.through import AutoencoderSource

        record = describe_file(self._described.weights)
        named = self.reference is not None and record.size > CARRIED_BYTES
        reference = str(self.reference) if named else ""
        # A model is published, and where somebody's files lay is their business.
        lasting = self.lasting_name
        name = Path(lasting).name if Path(lasting).exists() else lasting
        return AutoencoderSource(name, reference, record.sha256, record.size)

    @cached_property
    def _described(self) -> Description:
        return describe(self.folder, self.registry)


def find_named(record: ThroughRecord, registry: Registry) -> Mapping[str, Tensor]:
    """The state of the autoencoder that a model names, pulled unless it is on this machine.

    Raises:
        ArtifactError: It is not what the model was trained through.
        HubError: It cannot be pulled.
    """
    reference = as_reference(record.reference)
    if reference is None or not reference.is_commit:
        raise ArtifactError(f"The model names no autoencoder on the Hub: '{record.reference}'.")
    described = describe(hub_folder(reference, registry), registry)
    if describe_file(described.weights) != record.weights:
        raise ArtifactError(
            f"{record.reference} is not the autoencoder that the model was trained through.",
            f"Pull it again: genzoo pull {record.reference}",
        )
    from genzoo.artifact.load import load_described

    # Its own fitted priors are left behind.
    state = load_described(described, registry).state_dict()
    kept = ("parts.", "priors.default.")
    return {name: tensor for name, tensor in state.items() if name.startswith(kept)}
