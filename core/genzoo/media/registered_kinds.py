"""From the name of a kind to the kind. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from genzoo.errors import CapabilityError, ConfigError, GenzooError, PluginError
from genzoo.interfaces.kind import Kind
from genzoo.records import KindSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import Config, SampleSpec, parse_config

if TYPE_CHECKING:
    from genzoo.model.model import Model


def find_kind(registry: Registry, name: str, beside: str = "") -> Entry[KindSpec]:
    """The entry of a kind.

    Args:
        registry: Where kinds are registered.
        name: Its short or full name.
        beside: A distribution whose own kind of that name goes before others.

    Raises:
        UnknownNameError, AmbiguousNameError: No kind, or several, have that name.
    """
    own = f"{beside}/{name}"
    return registry[KindSpec].find(own if own in registry[KindSpec] else name)


def load_kind(entry: Entry[KindSpec], options: Mapping[str, Any] | Config | None = None) -> Kind:
    """A kind bound to options; by default to its own.

    Raises:
        ConfigError: An option it lacks, or a value out of bounds.
        PluginError: Its code fails, or is not a kind of that name.
    """
    record = entry.record
    config = parse_config(kind_config(entry), options or {}, "data")
    kind = bound(load_target(record.target), config, entry.full_name)
    if not isinstance(kind, Kind) or getattr(kind, "name", None) != record.name:
        raise PluginError(f"The kind {entry.full_name} is not a genzoo.Kind with that name.")
    for attribute in ("noun", "array", "endings"):
        if not getattr(kind, attribute, None):
            raise PluginError(f"The kind {entry.full_name} does not say its '{attribute}'.")
    named = (*kind.preview_endings, *kind.snapshot_endings, *filter(None, [kind.folder_ending]))
    for ending in named:
        if ending not in kind.endings:
            raise PluginError(
                f"The kind {entry.full_name} names the ending {ending!r}, "
                "which is not among its 'endings'."
            )
    return kind


def kind_of_model(model: Model, registry: Registry) -> Kind:
    """The model's own kind; for one that was put together without, that of its contract.

    Raises:
        PluginError: Its code fails.
        UnknownNameError, AmbiguousNameError: No kind, or several, have that name.
    """
    try:
        return model.kind
    except CapabilityError:
        return load_kind(find_kind(registry, model.sample_spec.kind))


def sample_contract(kind: Kind, classes: Sequence[str] = ()) -> SampleSpec:
    """The contract of a kind's samples.

    Raises:
        ConfigError: There are no such samples: too large, classes that repeat.
    """
    try:
        return kind.spec(classes)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise ConfigError(f"There are no such {kind.array}: {reason}.") from error


def kind_config(entry: Entry[KindSpec]) -> type[Config]:
    """The class of its options."""
    config: type[Config] = load_target(entry.record.config)
    return config


def bound(kind: type[Kind], config: Config, name: str) -> Kind:
    """`kind` with these options.

    Raises:
        GenzooError: The options make no sense.
        PluginError: Its code fails; says `name`.
    """
    try:
        return kind(config)
    except GenzooError:
        raise
    except Exception as error:
        raise PluginError(
            f"The kind {name} could not be made: {type(error).__name__}: {error}."
        ) from error
