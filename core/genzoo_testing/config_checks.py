"""Configs are the options, the files and the documentation all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from genzoo.registry import load_target
from genzoo.specs import Config
from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import ArchitectureSubject, RecordSubject
from genzoo_testing.source_location import source_of

_BOUNDS = ("ge", "gt", "le", "lt", "multiple_of")


@check(
    "config-json",
    "config.json and run.json hold the config: one that does not come back as it was is another "
    "model.",
)
def config_json(subject: RecordSubject) -> str:
    """The config, with its defaults, written as JSON and read again is equal."""
    kind = config_class(subject)
    return _roundtrip(kind())


@check(
    "tiny-config-json",
    "Saved models hold the config in JSON: values other than the defaults must come back as well.",
)
def tiny_config_json(subject: ArchitectureSubject) -> str:
    """The config that the architecture is built small with, written as JSON and read again."""
    kind: type[Config] = load_target(subject.entry.record.config)
    return _roundtrip(kind(**subject.tiny.config))


@check(
    "config-documented",
    "Fields become options, their help and their limits: without a description nobody knows what "
    "one does, without a bound a typing error trains for a day.",
)
def config_documented(subject: RecordSubject) -> str:
    """Every field has a description, and every number a bound."""
    kind = config_class(subject)
    bare = [name for name, field in kind.model_fields.items() if not field.description]
    if bare:
        raise ContractError(f"Without a description: {', '.join(bare)}.", source_of(kind))
    loose = [name for name, field in kind.model_fields.items() if not _is_bounded(field)]
    if loose:
        raise ContractError(f"A number without a bound: {', '.join(loose)}.", source_of(kind))
    return f"{len(kind.model_fields)} fields"


def config_class(subject: RecordSubject) -> type[Config]:
    """The config of a record that has one."""
    kind: type[Config] = load_target(str(getattr(subject.record, "config", "")))
    return kind


def _roundtrip(config: Config) -> str:
    text = config.model_dump_json()
    again = type(config).model_validate_json(text)
    if again != config:
        changed = [name for name in type(config).model_fields if _differs(config, again, name)]
        names = ", ".join(changed) or "something beside the fields"
        raise ContractError(f"JSON gives back another {names}.", source_of(type(config)))
    return f"{len(text)} bytes"


def _differs(config: Config, again: Config, name: str) -> bool:
    return bool(getattr(config, name) != getattr(again, name))


def _is_bounded(field: FieldInfo) -> bool:
    return all(bounds for bounds in _numbers(field.annotation, list(field.metadata)))


def _numbers(annotation: Any, metadata: list[Any]) -> Iterator[bool]:
    """For each number in a type, whether it has a bound."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from _numbers(inner, [*metadata, *_flat(more)])
    elif annotation in (int, float):
        yield any(getattr(item, name, None) is not None for item in metadata for name in _BOUNDS)
    elif isinstance(annotation, type) or get_origin(annotation) is not None:
        for part in get_args(annotation):
            if isinstance(part, type) or get_origin(part) is not None:
                yield from _numbers(part, metadata)


def _flat(metadata: list[Any]) -> Iterator[Any]:
    for item in metadata:
        yield from item.metadata if isinstance(item, FieldInfo) else (item,)
