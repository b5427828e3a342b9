"""From an artifact to a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from genzoo.artifact.describe import Description, artifact_kind, describe
from genzoo.artifact.empty_model import described_architecture, empty_model, empty_through
from genzoo.artifact.file_hashes import check_file_once, check_size, unless_known
from genzoo.artifact.format import (
    WEIGHTS,
    ArtifactConfig,
    FileRecord,
    ThroughRecord,
    feature_networks_of,
)
from genzoo.artifact.provider import installed, made_by
from genzoo.artifact.tensors import fill, load_tensors, refuse_non_finite
from genzoo.errors import ArtifactError, PluginError, UsageError
from genzoo.fast_convolutions.swap_layers import use_fast_convolutions
from genzoo.interfaces.kind import Kind
from genzoo.model.model import Model
from genzoo.model.uninitialised import lacks_values, without_values
from genzoo.records import ArchitectureSpec, KindSpec
from genzoo.registry import Registry
from genzoo.system.torch_globals import own_draws, plain_modes

T = TypeVar("T")

AUTOENCODER = "through.autoencoder."
"""How the names of an autoencoder's tensors begin in the model that works through it."""

FindNamed = Callable[[ThroughRecord, Registry], Mapping[str, Tensor]]
"""Gives the state of an autoencoder that a model names instead of carrying it."""


def not_found(record: ThroughRecord, registry: Registry) -> Mapping[str, Tensor]:
    """Looks nowhere.

    Raises:
        ArtifactError: Always.
    """
    raise ArtifactError(
        f"The model works through {record.reference}, which is not looked for here.",
        "Load it by genzoo.load.",
    )


def load_model(
    folder: Path,
    registry: Registry,
    *,
    device: str | torch.device = "cpu",
    check_hashes: bool = True,
    fast_convolutions: bool = True,
    find_named: FindNamed = not_found,
) -> Model:
    """Load a model for inference: evaluation mode, no gradients.

    Args:
        folder: The artifact, or a folder in a format that a plugin reads.
        registry: Where its architecture, priors and kind are looked up.
        device: Where to put the model.
        check_hashes: Read the weights through: their SHA-256 must be the recorded one, and all
            values finite numbers. A large file is read once a change. Its size is always compared.
            Other formats record no hash: their values are looked through at each load.
        fast_convolutions: On processors, let convolutions take algorithms that are faster than
            torch's own, with the same results up to rounding.
        find_named: Gives the autoencoder of a model that names one.

    Raises:
        ArtifactError: Something is missing, damaged, altered or of a newer format.
        PluginError: The architecture, a prior or the kind is not installed, or its code fails.
        UsageError: The device is not available.
    """
    return load_described(
        describe(folder, registry),
        registry,
        device=device,
        check_hashes=check_hashes,
        fast_convolutions=fast_convolutions,
        find_named=find_named,
    )


@plain_modes()
def load_described(
    described: Description,
    registry: Registry,
    *,
    device: str | torch.device = "cpu",
    check_hashes: bool = True,
    fast_convolutions: bool = True,
    find_named: FindNamed = not_found,
) -> Model:
    """`load_model`, of a folder whose `config.json` was read.

    Raises:
        ArtifactError, PluginError, UsageError: As `load_model`.
    """
    record = None if described.format else _check_weights(described, check_hashes)
    model = read_model(
        described.weights,
        described.config,
        registry,
        described.rename,
        fast_convolutions,
        find_named,
    )
    if check_hashes:
        _refuse_non_finite(model, described.weights, record)
    return to_device(model, device)


@plain_modes()
def read_model(
    weights: Path,
    config: ArtifactConfig,
    registry: Registry,
    rename: Callable[[str], str] | None = None,
    fast_convolutions: bool = True,
    find_named: FindNamed = not_found,
) -> Model:
    """The model that `config` describes, with its weights mapped from the file `weights`.

    Args:
        weights: A safetensors file.
        config: What is in it.
        registry: Where its architecture, priors and kind are looked up.
        rename: From the name of a tensor in the file to `PART.NAME`, for other formats.
        fast_convolutions: As of `load_model`.
        find_named: As of `load_model`.

    Raises:
        ArtifactError, PluginError: As `load_model`.
    """
    entry = installed(registry, registry[ArchitectureSpec], config.architecture, config.provider)
    with made_by(config.provider, entry):
        installed(registry, registry[KindSpec], config.kind)
        architecture = described_architecture(weights, config, registry)
        tensors, _ = load_tensors(weights)
        if rename is not None:
            tensors = _renamed(tensors, rename, weights)
        if config.through is not None and config.through.reference:
            state = find_named(config.through, registry)
            tensors |= {f"{AUTOENCODER}{name}": tensor for name, tensor in state.items()}

        def kind() -> Kind:
            return artifact_kind(config, registry, weights.parent)

        def build() -> Model:
            through = empty_through(config, weights, registry)
            return empty_model(entry, architecture, config, registry, kind, through)

        model = assemble(build, tensors, weights)
    model.feature_networks = feature_networks_of(config.training)
    if fast_convolutions:
        use_fast_convolutions(model)
    return model


def outline(build: Callable[[], Model]) -> Model:
    """The model that `build` makes, without values where its code allows.

    Raises:
        ConfigError, PluginError, SpecError: Those of `build`.
    """
    return _skeleton(build) or _initialised(build)


def assemble(build: Callable[[], Model], tensors: Mapping[str, Tensor], source: Path) -> Model:
    """The model that `build` makes with these tensors as its state, ready for inference.

    Raises:
        ArtifactError: They do not fit; names `source`.
        ConfigError, PluginError, SpecError: Those of `build`.
    """
    model = outline(build)
    fill(model, tensors, source)
    if lacks_values(model):
        model = _initialised(build)
        fill(model, tensors, source)
    return model.requires_grad_(False).eval()


def _check_weights(described: Description, check_hashes: bool) -> FileRecord:
    weights, record = described.weights, described.config.files.get(WEIGHTS)
    if record is None:
        raise ArtifactError(
            f"'{weights.parent}' is damaged: its config.json does not list {WEIGHTS}."
        )
    (check_file_once if check_hashes else check_size)(weights, record)
    return record


def _renamed(
    tensors: Mapping[str, Tensor], rename: Callable[[str], str], weights: Path
) -> dict[str, Tensor]:
    renamed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        new = f"parts.{rename(name)}"
        if new in renamed:
            raise ArtifactError(f"'{weights}' holds {new} twice, once as {name}.")
        renamed[new] = tensor
    return renamed


def to_device(model: Model, device: str | torch.device) -> Model:
    """The model on another device.

    Raises:
        UsageError: There is no such device here.
    """
    try:
        return model.to(torch.device(device))
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(f"The device '{device}' is not available here.", "Use cpu.") from error


def _refuse_non_finite(model: Model, weights: Path, record: FileRecord | None) -> None:
    known = nullcontext(True) if record is None else unless_known(weights, record, "finite")
    with known as unknown:
        if unknown:
            refuse_non_finite(model.state_dict(), str(weights))


def _skeleton(build: Callable[[], T]) -> T | None:
    """Built without values, or None where its code needs them."""
    try:
        with without_values():
            return build()
    except PluginError:
        return None


def _initialised(build: Callable[[], T]) -> T:
    with own_draws(0):
        return build()
