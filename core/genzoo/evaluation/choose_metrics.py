"""Which metrics are measured, and in which feature space."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from genzoo.errors import CapabilityError, PluginError, UsageError
from genzoo.evaluation.metric import Metric
from genzoo.interfaces.feature_extractor import FeatureExtractor
from genzoo.interfaces.kind import Kind
from genzoo.model.model import Model
from genzoo.model.open_feature_network import missing_modules, require_modules
from genzoo.records import FeatureSpec, MetricSpec
from genzoo.registry import Entry, Registry, load_target


def choose_metrics(
    names: Sequence[str], model: Model, registry: Registry
) -> list[tuple[Entry[MetricSpec], Metric]]:
    """The metrics of those names, or all that apply to `model` and need not be asked for.

    Raises:
        CapabilityError: One that was asked for does not apply.
        PluginError: One is broken.
        UnknownNameError: There is none of that name.
        UsageError: None applies.
    """
    entries = [registry[MetricSpec].find(name) for name in names] or [
        entry for entry in registry[MetricSpec].values() if entry.record.default
    ]
    chosen = []
    for entry in entries:
        metric = load_target(entry.record.target)()
        if not isinstance(metric, Metric):
            raise PluginError(f"The metric {entry.full_name} is not a genzoo.Metric.")
        if not takes(entry.record, model.sample_spec.kind) or not metric.applies(model):
            if names:
                raise CapabilityError(
                    f"The metric {entry.record.name} does not apply to {model.architecture_name}.",
                    "Leave it out of --metrics.",
                )
            continue
        chosen.append((entry, metric))
    if not chosen:
        raise UsageError(
            f"There is no metric for {model.name}.",
            "Type 'genzoo plugins list' to see whether one that brings metrics is left out.",
        )
    return chosen


def choose_features(name: str | None, kind: Kind, registry: Registry) -> Entry[FeatureSpec]:
    """The feature space of that name, or the preferred one of those that are there for the kind.

    Raises:
        UnknownNameError: There is none of that name.
        UsageError: It is for other kinds, or needs a package that is not installed.
    """
    if name is None:
        return _preferred(kind, registry)
    entry = registry[FeatureSpec].find(name)
    if not takes(entry.record, kind.name):
        default = _preferred(kind, registry).record.name
        raise UsageError(
            f"The feature space {name} is for {', '.join(entry.record.kinds)}, "
            f"not for {kind.name}.",
            f"Choose --features {default}, or leave it out.",
        )
    require_modules(entry, otherwise="leave --features out")
    return entry


def _preferred(kind: Kind, registry: Registry) -> Entry[FeatureSpec]:
    there = [
        entry
        for _, entry in sorted(registry[FeatureSpec].items())
        if entry.record.preferred
        and takes(entry.record, kind.name)
        and not missing_modules(entry.record.requires)
    ]
    if not there:
        raise UsageError("There is no feature space.", "Name one with --features.")
    return max(there, key=lambda entry: entry.record.preferred)


def takes(record: FeatureSpec | MetricSpec, kind: str) -> bool:
    """Whether a feature space or a metric is for that kind of content."""
    return not record.kinds or kind in record.kinds


def open_extractor(
    entry: Entry[FeatureSpec], device: torch.device, file: Path | None
) -> FeatureExtractor:
    """The extractor of a feature space.

    Raises:
        DataError: Its weights are missing or wrong.
        PluginError: It is broken.
    """
    extractor = load_target(entry.record.target)(device, file)
    if not isinstance(extractor, FeatureExtractor):
        raise PluginError(f"The feature space {entry.full_name} is not a genzoo.FeatureExtractor.")
    return extractor
