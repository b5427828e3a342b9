"""Making an architecture small: the least values and samples that it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genzoo.errors import GenzooError, PluginError, UsageError
from genzoo.media.registered_kinds import find_kind, load_kind
from genzoo.model.build import build_architecture
from genzoo.records import ArchitectureSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import Config, SampleSpec, parse_config
from genzoo_testing.check import ContractError

CLASSES = ("first", "second", "third")
LEAST = 4
"""Whole numbers of a config are halved while they stay at this or above."""

SIDES = (8, 16, 28, 32, 64, 128, 256)
OTHER_SHAPES = ((2,), (16,), (1, 16), (1, 64), (1, 1024))

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Tiny:
    """How to build an architecture small.

    Attributes:
        config: Values of its config.
        samples: Contracts of samples that it takes: without classes, with classes, or both.
        refusal: Its words where it takes only one of them.
    """

    config: Values
    samples: tuple[SampleSpec, ...]
    refusal: str = ""


def make_tiny(
    registry: Registry,
    entry: Entry[ArchitectureSpec],
    kind: str,
    config: Values | None = None,
    sample: Values | None = None,
) -> Tiny:
    """Find small values and samples of `kind` for an architecture.

    Args:
        registry: Where it is registered.
        entry: The architecture.
        kind: Content kind of the samples.
        config: Values of its config; by default those of its record, or made small.
        sample: Fields of the samples' contract; by default the smallest usual one that it takes.

    Raises:
        ContractError: It takes none of the usual samples.
        PluginError: Its code fails.
    """

    given = entry.record.tiny if config is None else config

    def takes(values: Values, spec: SampleSpec) -> bool:
        return bool(_accepted_variants(registry, entry, values, spec)[0])

    offered = [sample] if sample else _offered(registry, entry, kind)
    spec = _accepted_sample(kind, offered, lambda spec: takes(given, spec))
    config_class = load_target(entry.record.config)
    values = given or small_values(config_class, lambda values: takes(values, spec))
    samples, refusal = _accepted_variants(registry, entry, values, spec)
    return Tiny(values, samples, refusal)


def small_values(kind: type[Config], fits: Callable[[Values], bool]) -> Values:
    """Values of a config with its whole numbers halved down to `LEAST` or their bound.

    Those that do not fit together are tried one at a time, and kept while they fit.
    """
    small = dict(_small_numbers(kind))
    if fits(small):
        return small
    kept: dict[str, Any] = {}
    for name, value in small.items():
        if fits({**kept, name: value}):
            kept[name] = value
    return kept


def _small_numbers(kind: type[Config]) -> Iterator[tuple[str, int]]:
    for name, field in kind.model_fields.items():
        default = field.default
        if isinstance(default, int) and not isinstance(default, bool):
            bounds = [getattr(item, "ge", None) or 0 for item in field.metadata]
            bounds += [(getattr(item, "gt", None) or -1) + 1 for item in field.metadata]
            yield name, _halved(default, max([LEAST, *bounds]))


def _halved(value: int, least: float) -> int:
    while value // 2 >= least:
        value //= 2
    return value


def _accepted_sample(
    kind: str, offered: Sequence[Values], takes: Callable[[SampleSpec], bool]
) -> SampleSpec:
    for values in offered:
        spec = parse_config(SampleSpec, values, "sample")
        if takes(spec):
            return spec
    raise ContractError(
        f"It takes none of the samples it was offered: {kind} of the shapes "
        f"{', '.join(str(tuple(values['shape'])) for values in offered)}. Name one that it takes "
        "in `tiny_samples` of its record, and values of its config in `tiny` if it needs them."
    )


def _offered(registry: Registry, entry: Entry[ArchitectureSpec], kind: str) -> list[Values]:
    """Those of its record, or else the usual ones of the kind, the kind's own default first."""
    given = [sample for sample in entry.record.tiny_samples if sample.get("kind", "image") == kind]
    if given:
        return given
    if kind == "image":
        return [{"shape": (channels, side, side)} for side in SIDES for channels in (3, 1)]
    return [
        *_defaults(registry, entry.distribution, kind),
        *({"kind": kind, "shape": shape} for shape in OTHER_SHAPES),
    ]


def _defaults(registry: Registry, distribution: str, kind: str) -> list[Values]:
    try:
        spec = load_kind(find_kind(registry, kind, distribution)).spec()
    except UsageError:
        return []
    return [spec.model_dump()]


def _accepted_variants(
    registry: Registry, entry: Entry[ArchitectureSpec], values: Values, spec: SampleSpec
) -> tuple[tuple[SampleSpec, ...], str]:
    """Those of `spec`, without and with classes, that it takes, and why not the other."""
    accepted: list[SampleSpec] = []
    refusal = ""
    for classes in ((), CLASSES):
        variant = spec.model_copy(update={"classes": classes})
        try:
            build_architecture(registry, entry.full_name, values, variant)
            accepted.append(variant)
        except PluginError:
            raise
        except GenzooError as error:
            refusal = error.message
    return tuple(accepted), refusal
