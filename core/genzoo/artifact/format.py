"""The content of an artifact's `config.json`. Imports no torch.

Version 1. Fields that a reader does not know are ignored; a change to how a model is rebuilt or
computed raises the version, and readers refuse versions above their own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import ConfigDict, Field, ValidationError, field_validator

from genzoo.errors import ArtifactError
from genzoo.specs import Config, LatentSpec, SampleSpec
from genzoo.system.strict_json import parse_json

FORMAT_VERSION = 1
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
GOLDEN = "test/golden.safetensors"
CARD = "README.md"
TRAIN = "train"
"""Folder of what is there to train on: a file for each network, `part.NAME`, and each optimiser,
`optimizer.NAME`, as in a checkpoint."""

MAX_CONFIG_BYTES = 32 << 20
"""Upper bound on `config.json`; a hundred thousand long class names fit."""

FEATURE_NETWORKS = "feature_networks"
"""Key of `training`: the frozen networks that the losses looked through, each a name and a hash."""

_DISTRIBUTION = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?"
_NAME = r"[a-z0-9][a-z0-9._-]{0,63}"
Distribution = Annotated[str, Field(pattern=rf"^{_DISTRIBUTION}$")]
FullName = Annotated[str, Field(pattern=rf"^{_DISTRIBUTION}/{_NAME}$")]
PartName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
Text = Annotated[str, Field(max_length=10_000)]


class Section(Config):
    """Base of everything in the file: lenient about fields that a later genzoo added."""

    model_config = ConfigDict(extra="ignore")


class Provider(Section):
    """The distribution that brings the architecture.

    Attributes:
        version: The one that wrote the artifact.
        accepts: Versions that can read it, as a requirement specifier, e.g. `>=1.2`.
    """

    distribution: Distribution
    version: Text
    accepts: str = Field("", max_length=200)

    @field_validator("accepts")
    @classmethod
    def _check(cls, value: str) -> str:
        try:
            SpecifierSet(value)
        except InvalidSpecifier:
            raise ValueError("is not a version range") from None
        return value


class ObjectiveRecord(Section):
    """How it learned: the objective's full name and its configuration."""

    name: FullName
    config: dict[str, Any] = Field(default_factory=dict)


class PriorRecord(Section):
    """A fitted prior: its name in the model, its full name in the registry, its configuration."""

    name: PartName
    prior: FullName
    config: dict[str, Any] = Field(default_factory=dict)


class FileRecord(Section):
    """What a file must be: its size in bytes and its SHA-256."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class ThroughRecord(Section):
    """The autoencoder in whose latents a model works.

    Attributes:
        name: What it was called where the model was trained.
        reference: `owner/name@commit` on the Hub, where its weights are not in the model's file.
        weights: The file that its weights were in.
        model: What its own `config.json` says, or would say.
        latents: Contract of its latents as the model sees them.
    """

    name: Text
    reference: str = Field("", max_length=300)
    weights: FileRecord
    model: ArtifactConfig
    latents: SampleSpec


class ArtifactConfig(Section):
    """The content of `config.json`.

    Attributes:
        genzoo_version: The genzoo that wrote it.
        architecture: Full name, `distribution/name`.
        config: The architecture's configuration.
        kind: Full name of the kind of its samples.
        kind_options: What the data were made into: that kind's configuration.
        parts: The parts whose weights are there.
        dtype: Greatest precision of the stored matrices; they are computed in float32 either way.
        through: The autoencoder that stands between the parts and the samples.
        training: Facts of the run that made it: steps, seed, data and so on.
        files: Every other file that belongs to it, by path relative to the folder. The card is
            left out: people edit it.
    """

    library: Literal["genzoo"] = "genzoo"
    format_version: int = Field(FORMAT_VERSION, ge=1, le=FORMAT_VERSION)
    genzoo_version: Text
    architecture: FullName
    provider: Provider
    config: dict[str, Any] = Field(default_factory=dict)
    kind: FullName = "genzoo/image"
    kind_options: dict[str, Any] = Field(default_factory=dict)
    sample: SampleSpec
    latent: LatentSpec
    parts: tuple[PartName, ...] = Field(min_length=1, max_length=64)
    priors: tuple[PriorRecord, ...] = Field((), max_length=64)
    objective: ObjectiveRecord | None = None
    through: ThroughRecord | None = None
    training: dict[str, Any] = Field(default_factory=dict)
    dtype: Literal["float32", "float16"] = "float32"
    files: dict[str, FileRecord] = Field(default_factory=dict, max_length=10_000)

    @field_validator("files")
    @classmethod
    def _check_paths(cls, files: dict[str, FileRecord]) -> dict[str, FileRecord]:
        for path in files:
            inside = all(part not in ("", ".", "..") for part in path.split("/"))
            if not inside or any(sign in path for sign in "\\:\0"):
                raise ValueError(f"'{path[:80]}' is not a path inside the artifact")
        return files

    def with_files(self, files: dict[str, FileRecord]) -> Self:
        """The same with other files."""
        return self.model_copy(update={"files": files})


def read_config(folder: Path) -> ArtifactConfig:
    """Read and check the `config.json` of an artifact.

    Raises:
        ArtifactError: It is missing, is no JSON, breaks the format or is of a newer one.
    """
    return parse_artifact(read_json(folder / CONFIG), folder / CONFIG)


def parse_artifact(content: dict[str, Any], path: Path) -> ArtifactConfig:
    """Check the content of the `config.json` at `path`.

    Raises:
        ArtifactError: It breaks the format or is of a newer one.
    """
    if content.get("library") != "genzoo":
        raise ArtifactError(f"'{path}' does not describe a genzoo model.")
    version = content.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ArtifactError(
            f"'{path}' is of format {version}; this genzoo reads up to {FORMAT_VERSION}.",
            "Update genzoo: pip install --upgrade genzoo.",
        )
    try:
        return ArtifactConfig.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "content"
        raise ArtifactError(f"'{path}' is damaged: {where[:200]}: {first['msg']}.") from None


def write_config(folder: Path, config: ArtifactConfig) -> None:
    """Write `config.json` into `folder`."""
    text = json.dumps(config.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of bounded size.

    Raises:
        ArtifactError: It is missing, too large or damaged.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_CONFIG_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise ArtifactError(f"'{path.parent}' is not a model: it has no {CONFIG}.") from None
    except OSError as error:
        raise ArtifactError(f"'{path}' cannot be read: {error.strerror or error}.") from error
    if len(raw) > MAX_CONFIG_BYTES:
        raise ArtifactError(f"'{path}' is too large to be a model's configuration.")
    try:
        content = parse_json(raw)
    except ValueError as error:
        raise ArtifactError(f"'{path}' is damaged: it is not JSON ({error}).") from None
    if not isinstance(content, dict):
        raise ArtifactError(f"'{path}' is damaged: it holds no JSON object.")
    return content


def feature_networks_of(training: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Name and hash of each frozen network that an artifact's losses looked through."""
    known = training.get(FEATURE_NETWORKS)
    found = [one for one in known if isinstance(one, dict)] if isinstance(known, list) else []
    return tuple((str(one.get("name")), str(one.get("hash"))) for one in found)
