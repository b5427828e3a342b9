"""From a model to an artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from packaging.version import InvalidVersion, Version
from torch import Tensor

from genzoo.artifact.card import render_card
from genzoo.artifact.file_hashes import describe_files
from genzoo.artifact.format import (
    CARD,
    CONFIG,
    GOLDEN,
    TRAIN,
    WEIGHTS,
    ArtifactConfig,
    FileRecord,
    ObjectiveRecord,
    PriorRecord,
    Provider,
    ThroughRecord,
    read_config,
    write_config,
)
from genzoo.artifact.golden_samples import write_golden
from genzoo.artifact.load import AUTOENCODER, read_model, to_device
from genzoo.artifact.tensors import halve, save_tensors
from genzoo.errors import ArtifactError, CapabilityError, PluginError, UsageError
from genzoo.interfaces.kind import Kind
from genzoo.interfaces.prior import FittedPrior
from genzoo.media.registered_kinds import find_kind, kind_of_model, load_kind
from genzoo.media.save_samples import save_samples
from genzoo.model.batches import in_float32
from genzoo.model.model import STANDARD_PRIOR, Model
from genzoo.model.through import Through
from genzoo.records import ArchitectureSpec, PriorSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.system.atomic_files import atomic_folder
from genzoo.system.torch_globals import plain_modes
from genzoo.version import __version__

PREVIEW_COUNT = 64


@plain_modes()
def save_model(
    model: Model,
    folder: Path,
    *,
    registry: Registry,
    parts: Sequence[str] | None = None,
    kind: str | None = None,
    kind_options: Mapping[str, Any] | None = None,
    objective: str | None = None,
    objective_config: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    preview: bool = True,
    preview_prior: str | None = None,
    golden: bool = True,
    half: bool = False,
    licence: str = "",
    card: str | None = None,
    train: Mapping[str, Mapping[str, Tensor]] | None = None,
) -> None:
    """Write `model` as an artifact. It takes the place of an artifact at `folder` all at once.

    Args:
        model: What to save.
        folder: Where; a folder that holds anything but an artifact is refused.
        registry: Where its architecture, priors and kind are registered.
        parts: Parts to save; by default those that the architecture needs for inference.
        kind: Full name of the kind of its samples; looked up by default.
        kind_options: That kind's configuration, as the data had it; by default that of
            `model.kind`.
        objective: Full name of the objective it was trained with.
        objective_config: That objective's configuration.
        training: Facts of the run, as JSON: steps, seed, data and so on.
        preview: Write a file that shows samples.
        preview_prior: Name of the prior that they are drawn from; by default the model's own.
        golden: Write latents with the samples they must give.
        half: Store matrices in half precision, except where a value would overflow. Results are
            those of the rounded weights, computed in float32.
        licence: SPDX identifier of the weights' licence.
        card: Text of the model card instead of the generated one.
        train: What training on needs beside the model: states of networks (`part.NAME`) and
            optimisers (`optimizer.NAME`), as a checkpoint holds them.

    Raises:
        ArtifactError: A weight is not finite.
        PluginError: The architecture, a prior or the kind is not registered, or holds what cannot
            be saved.
        StorageError: The folder cannot be written.
        UsageError: `folder` holds something else.
    """
    model = in_float32(model)
    entry = registry[ArchitectureSpec].find(model.architecture_name)
    content = find_kind(registry, kind or model.sample_spec.kind, entry.distribution)
    refuse_other_content(folder)
    if kind_options is None:
        kind_options = kind_of_model(model, registry).config.model_dump(mode="json")
    config = _describe(model, entry, registry, parts or entry.record.inference, half)
    config = config.model_copy(
        update={
            "kind": content.full_name,
            "kind_options": dict(kind_options),
            "objective": _objective(objective, objective_config),
            "training": dict(training or {}),
        }
    )
    with atomic_folder(folder) as temporary:
        _write_weights(temporary / WEIGHTS, model, config, half)
        for group, state in (train or {}).items():
            (temporary / TRAIN).mkdir(exist_ok=True)
            save_tensors(temporary / TRAIN / f"{group}.safetensors", state)
        # Read back, so that the golden samples and the picture show rounding too.
        written = read_model(
            temporary / WEIGHTS,
            config,
            registry,
            find_named=lambda record, registry: _autoencoder_state(model),
        )
        if golden:
            write_golden(temporary / GOLDEN, written)
        shown = load_kind(content, kind_options)
        if preview:
            _write_preview(temporary, to_device(written, model.device), shown, preview_prior)
        text = card or render_card(config, entry.record, shown, licence=licence, preview=preview)
        (temporary / CARD).write_text(text, encoding="utf-8")
        files = describe_files(temporary, excluded=frozenset({CARD, CONFIG}))
        write_config(temporary, config.with_files(files))


def refuse_other_content(folder: Path) -> None:
    """Refuse to replace a folder that holds something else than an artifact.

    Raises:
        UsageError: It does.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        read_config(folder)
    except ArtifactError as error:
        raise UsageError(
            f"'{folder}' is not empty and holds no model, so it is not overwritten.",
            "Choose a new folder.",
        ) from error


def _describe(
    model: Model,
    entry: Entry[ArchitectureSpec],
    registry: Registry,
    parts: Sequence[str],
    half: bool,
) -> ArtifactConfig:
    absent = [name for name in parts if name not in model.parts]
    if absent:
        raise CapabilityError(f"{model.architecture_name} has no part named '{absent[0]}' here.")
    return ArtifactConfig(
        through=None if model.through is None else _through(model, model.through, registry),
        genzoo_version=__version__,
        architecture=entry.full_name,
        provider=Provider(
            distribution=entry.distribution,
            version=entry.version,
            accepts=_accepted(entry.version),
        ),
        config=model.architecture.config.model_dump(mode="json"),
        sample=model.sample_spec,
        latent=model.latent_spec,
        parts=tuple(parts),
        priors=_priors(model, registry),
        dtype="float16" if half else "float32",
    )


def _through(outer: Model, through: Through, registry: Registry) -> ThroughRecord:
    model, source = through.autoencoder, through.source
    entry = registry[ArchitectureSpec].find(model.architecture_name)
    kind = find_kind(registry, model.sample_spec.kind, entry.distribution)
    described = _describe(model, entry, registry, entry.record.inference, half=False)
    return ThroughRecord(
        name=source.name,
        reference=source.reference,
        weights=FileRecord(sha256=source.sha256, size=source.size),
        model=described.model_copy(
            update={
                "kind": kind.full_name,
                "kind_options": kind_of_model(model, registry).config.model_dump(mode="json"),
                "priors": (),
            }
        ),
        latents=outer.architecture.sample,
    )


def _accepted(version: str) -> str:
    """At least the minor version that wrote it: what a later one breaks, the strict load shows."""
    try:
        major, minor = (*Version(version).release, 0)[:2]
    except InvalidVersion:
        return ""
    return f">={major}.{minor}"


def _objective(name: str | None, config: Mapping[str, Any] | None) -> ObjectiveRecord | None:
    return None if name is None else ObjectiveRecord(name=name, config=dict(config or {}))


def _priors(model: Model, registry: Registry) -> tuple[PriorRecord, ...]:
    return tuple(
        PriorRecord(
            name=name,
            prior=_prior_name(prior, registry),
            config=prior.config.model_dump(mode="json"),
        )
        for name, prior in _fitted_priors(model).items()
    )


def _fitted_priors(model: Model) -> dict[str, FittedPrior]:
    priors = {name: prior for name, prior in model.priors.items() if name != STANDARD_PRIOR}
    return {name: cast(FittedPrior, prior) for name, prior in priors.items()}


def _prior_name(prior: FittedPrior, registry: Registry) -> str:
    for entry in registry[PriorSpec].values():
        if load_target(entry.record.target) is type(prior):
            return entry.full_name
    raise PluginError(f"The prior {type(prior).__name__} is not registered by any plugin.")


def _write_weights(path: Path, model: Model, config: ArtifactConfig, half: bool) -> None:
    unwanted = [f"parts.{name}." for name in model.parts if name not in config.parts]
    if config.through is not None and config.through.reference:
        unwanted.append(AUTOENCODER)
    state = {
        name: tensor
        for name, tensor in model.state_dict().items()
        if not name.startswith(tuple(unwanted))
    }
    if half:
        state = halve(state, (name for name, _ in model.named_parameters(remove_duplicate=False)))
    save_tensors(path, state)


def _autoencoder_state(model: Model) -> Mapping[str, Tensor]:
    assert model.through is not None
    return model.through.autoencoder.state_dict()


def _write_preview(folder: Path, model: Model, kind: Kind, prior: str | None) -> None:
    samples = model.sample(PREVIEW_COUNT, prior=prior)
    for name in kind.previews:
        save_samples(samples, kind, model.sample_spec, folder / name)
