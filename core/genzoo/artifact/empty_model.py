"""The model that a `config.json` describes, before it has weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from genzoo.artifact.describe import artifact_kind
from genzoo.artifact.format import ArtifactConfig, PriorRecord
from genzoo.artifact.provider import installed
from genzoo.errors import ArtifactError, ConfigError, SpecError
from genzoo.interfaces.architecture import Architecture
from genzoo.interfaces.kind import Kind
from genzoo.interfaces.prior import FittedPrior
from genzoo.model.build import build_architecture, build_parts, plugin_errors
from genzoo.model.model import Model
from genzoo.model.through import AutoencoderSource, Through
from genzoo.records import ArchitectureSpec, PriorSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import parse_config


def described_architecture(
    weights: Path, config: ArtifactConfig, registry: Registry
) -> Architecture:
    """The architecture that `config` describes, bound to the samples that its parts see.

    Raises:
        ArtifactError: There is no such one; names the folder of `weights`.
        PluginError: Its code fails.
    """
    try:
        sample = config.sample if config.through is None else config.through.latents
        _, architecture = build_architecture(registry, config.architecture, config.config, sample)
    except (ConfigError, SpecError) as error:
        raise ArtifactError(f"'{weights.parent}' is damaged: {error.message}") from error
    # What else the latents are follows from the configuration; older files do not say it.
    found = architecture.sample, architecture.latent.shape
    if found != (sample, config.latent.shape):
        raise ArtifactError(
            f"'{weights.parent}' does not fit the installed {config.architecture}: "
            "its samples or latents are of another shape or range."
        )
    return architecture


def empty_model(
    entry: Entry[ArchitectureSpec],
    architecture: Architecture,
    config: ArtifactConfig,
    registry: Registry,
    kind: Callable[[], Kind],
    through: Through | None = None,
) -> Model:
    """The model that `config` describes, as it is before it is filled.

    Raises:
        ArtifactError: It names a part that the architecture lacks, or options are damaged.
        PluginError: Code of a plugin fails.
    """
    parts = build_parts(entry, architecture)
    strange = [name for name in config.parts if name not in parts]
    if strange:
        raise ArtifactError(f"{entry.full_name} has no part named '{strange[0]}'.")
    priors = {record.name: _prior(record, architecture, registry) for record in config.priors}
    chosen = {name: parts[name] for name in config.parts}
    with plugin_errors(entry):
        return Model(entry.full_name, architecture, chosen, priors, kind, through=through)


def empty_through(config: ArtifactConfig, weights: Path, registry: Registry) -> Through | None:
    """The autoencoder that stands between a model and its samples, as it is before it is filled.

    Raises:
        ArtifactError, PluginError: As `described_architecture` and `empty_model`.
    """
    record = config.through
    if record is None:
        return None
    inner = record.model.model_copy(update={"through": None, "priors": ()})
    entry = installed(registry, registry[ArchitectureSpec], inner.architecture, inner.provider)

    def kind() -> Kind:
        return artifact_kind(inner, registry, weights.parent)

    architecture = described_architecture(weights, inner, registry)
    source = AutoencoderSource(
        record.name, record.reference, record.weights.sha256, record.weights.size
    )
    statistics = torch.zeros(record.latents.shape[0]), torch.ones(record.latents.shape[0])
    model = empty_model(entry, architecture, inner, registry, kind)
    return Through(model, record.latents, *statistics, source)


def _prior(record: PriorRecord, architecture: Architecture, registry: Registry) -> FittedPrior:
    entry = installed(registry, registry[PriorSpec], record.prior)
    try:
        config = parse_config(
            load_target(entry.record.config), record.config, f"prior {record.name}"
        )
    except ConfigError as error:
        raise ArtifactError(
            f"The model's {record.name} prior is damaged: {error.message}"
        ) from error
    with plugin_errors(entry):
        prior: FittedPrior = load_target(entry.record.target)(architecture.latent, config)
    return prior
