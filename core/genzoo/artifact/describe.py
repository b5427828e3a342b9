"""What the model in a folder is, whoever saved it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genzoo.artifact.format import (
    CONFIG,
    WEIGHTS,
    ArtifactConfig,
    Provider,
    parse_artifact,
    read_json,
)
from genzoo.artifact.provider import installed
from genzoo.errors import ArtifactError, ConfigError, GenzooError, PluginError, SpecError
from genzoo.interfaces.foreign_model import ForeignModel
from genzoo.interfaces.kind import Kind
from genzoo.media.registered_kinds import find_kind, load_kind
from genzoo.plugin_safety.plugin_errors import one_line
from genzoo.records import ArchitectureSpec, FormatSpec, KindSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import SampleSpec, parse_config


@dataclass(frozen=True)
class Description:
    """A model on disk.

    Attributes:
        config: As in genzoo's own `config.json`; without hashes where other software saved it.
        weights: The file with its tensors.
        format: Full name of the format; empty for genzoo's own.
        rename: From a tensor's name in the file to its name in the model.
    """

    config: ArtifactConfig
    weights: Path
    format: str = ""
    rename: Callable[[str], str] | None = None


def describe(folder: Path, registry: Registry) -> Description:
    """Read the `config.json` in `folder`: genzoo's own, or one that a plugin's format knows.

    Raises:
        ArtifactError: It is missing, damaged, of a newer or unknown format, or has no weights.
        PluginError: A format's code fails, or its architecture is not installed.
    """
    path = folder / CONFIG
    content = read_json(path)
    recognised = recognise(content, path, registry)
    if recognised is None:
        return Description(parse_artifact(content, path), folder / WEIGHTS)
    entry, foreign = recognised
    config = translate(entry, foreign, path, registry)
    return Description(config, _weights(foreign, folder), entry.full_name, foreign.rename)


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


def recognise(
    content: Mapping[str, Any], path: Path, registry: Registry
) -> tuple[Entry[FormatSpec], ForeignModel] | None:
    """What the content of the `config.json` at `path` describes in a format of other software.

    Returns:
        None where it is genzoo's own, or of no format that is known.

    Raises:
        ArtifactError: The format is known, and such a model cannot be used.
        PluginError: A format's code fails.
    """
    if content.get("library") == "genzoo":
        return None
    for entry in registry[FormatSpec].values():
        foreign = _ask(entry, content, path)
        if foreign is not None:
            return entry, foreign
    return None


def weight_names(registry: Registry) -> Callable[[Path], tuple[str, ...] | None]:
    """What tells the names that the weight file of a folder may have, from its `config.json`.

    It returns None for genzoo's own format and for formats that no plugin knows, and raises as
    `read_json` and `recognise` do.
    """

    def names(folder: Path) -> tuple[str, ...] | None:
        path = folder / CONFIG
        recognised = recognise(read_json(path), path, registry)
        return recognised[1].weights if recognised else None

    return names


def translate(
    entry: Entry[FormatSpec], foreign: ForeignModel, path: Path, registry: Registry
) -> ArtifactConfig:
    """What genzoo's own `config.json` would say in the place of the one at `path`, but for hashes.

    Raises:
        ArtifactError: Its values are out of the architecture's bounds.
        PluginError: The architecture's code fails.
    """
    from genzoo.model.build import build_architecture

    try:
        sample = parse_config(SampleSpec, foreign.sample, "samples")
        found = registry[ArchitectureSpec].find(foreign.architecture, near=entry.distribution)
        _, architecture = build_architecture(registry, found.full_name, foreign.config, sample)
    except (ConfigError, SpecError) as error:
        raise ArtifactError(f"'{path}' cannot be used: {error.message}") from error
    return ArtifactConfig(
        genzoo_version="",
        architecture=found.full_name,
        provider=Provider(distribution=found.distribution, version=found.version),
        config=architecture.config.model_dump(mode="json"),
        kind=find_kind(registry, sample.kind, found.distribution).full_name,
        sample=architecture.sample,
        latent=architecture.latent,
        parts=found.record.inference,
    )


def _ask(entry: Entry[FormatSpec], content: Mapping[str, Any], path: Path) -> ForeignModel | None:
    reader = load_target(entry.record.target)
    try:
        answer = reader(content)
    except GenzooError as error:
        raise ArtifactError(f"'{path}' cannot be used: {error.message}", error.hint) from error
    except Exception as error:
        raise PluginError(f"The format {entry.full_name} failed: {one_line(error)}.") from error
    if answer is not None and not isinstance(answer, ForeignModel):
        raise PluginError(f"The format {entry.full_name} returned no ForeignModel.")
    return answer


def _weights(foreign: ForeignModel, folder: Path) -> Path:
    for name in foreign.weights:
        if (folder / name).is_file():
            return folder / name
    raise ArtifactError(
        f"'{folder}' has no {' or '.join(foreign.weights)}.",
        "Get that file too. Weights in other formats, such as .bin and .pth, are not read.",
    )
