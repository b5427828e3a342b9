"""Training that begins with a model: which one it is, and what it makes the default."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from genzoo.app.open_model import OpenModel
from genzoo.errors import GenzooError, PluginError, UnknownNameError
from genzoo.hub.reference import is_commit
from genzoo.media.registered_kinds import load_kind
from genzoo.records import ArchitectureSpec, KindSpec
from genzoo.registry import Entry, load_target
from genzoo.training.starting_model import StartingModel

if TYPE_CHECKING:
    from genzoo.specs import SampleSpec

Sections = Mapping[str, Mapping[str, Any]]


def starting_model(model: OpenModel, partial: bool) -> StartingModel:
    """The model that a run is to begin with.

    Args:
        model: It.
        partial: Whether weights that do not fit are left out instead of refused.

    Raises:
        ArtifactError, PluginError: Its `config.json` is damaged, or of a format not known.
    """
    folder = model.folder
    revision = folder.name if is_commit(folder.name) else ""
    return StartingModel(model.name, folder, model.description, revision, partial)


def defaults_of(
    starting: StartingModel,
    architecture: Entry[ArchitectureSpec],
    kind: Entry[KindSpec],
    given: Sections,
) -> dict[str, dict[str, Any]]:
    """What is the default where training begins with a model: its options, and its samples' shape.

    Args:
        starting: The model.
        architecture: What is trained; the options of another one are of no use.
        kind: What the data hold.
        given: What was asked for.
    """
    config = starting.config
    data = _shape_options(config.sample, kind)
    if config.architecture != architecture.full_name:
        return {"data": data}
    if config.sample.kind != kind.record.name:
        return {"data": data, "architecture": dict(config.config)}
    options = {**data, **given.get("data", {})}
    sample = config.sample
    with suppress(GenzooError):
        fields = load_target(kind.record.config).model_fields
        own = {name: value for name, value in options.items() if name in fields}
        sample = load_kind(kind, own).spec()
    target = load_target(architecture.record.target)
    adapted = target.adapted_config(config.config, config.sample, sample)
    return {"data": data, "architecture": dict(adapted)}


def architecture_of(model: OpenModel) -> Entry[ArchitectureSpec]:
    """The model's architecture.

    Raises:
        PluginError: It is not installed.
    """
    try:
        return model.registry[ArchitectureSpec].find(model.config.architecture)
    except UnknownNameError as error:
        raise PluginError(
            f"The architecture {model.config.architecture} of {model.name} is not installed.",
            f"Type: genzoo install {model.config.provider.distribution}",
        ) from error


def _shape_options(sample: SampleSpec, kind: Entry[KindSpec]) -> dict[str, Any]:
    """Options of the kind that give samples of the model's shape."""
    if sample.kind != kind.record.name:
        return {}
    with suppress(GenzooError):
        found = load_kind(kind).options_for_spec(sample)
        return found.model_dump(mode="json", exclude_unset=True)
    return {}
