"""What the samples of a saved model are."""

from __future__ import annotations

from pathlib import Path

from genzoo.artifact.format import ArtifactConfig
from genzoo.artifact.provider import installed
from genzoo.errors import ArtifactError, ConfigError
from genzoo.interfaces.kind import Kind
from genzoo.media.find_kind import load_kind
from genzoo.records import KindSpec
from genzoo.registry import Registry


def artifact_kind(config: ArtifactConfig, registry: Registry, folder: Path) -> Kind:
    """The kind that `config` names, with the options that the model's data had.

    Raises:
        ArtifactError: The options are damaged; names `folder`.
        PluginError: The kind is not installed, or its code fails.
    """
    entry = installed(registry, registry[KindSpec], config.kind)
    try:
        return load_kind(entry, config.kind_options)
    except ConfigError as error:
        raise ArtifactError(f"'{folder}' is damaged: {error.message}") from error
