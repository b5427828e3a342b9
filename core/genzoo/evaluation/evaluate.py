"""From a model and data to a record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from genzoo.data.dataset import Dataset
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.errors import UsageError
from genzoo.evaluation.choose_metrics import choose_features, choose_metrics, open_extractor
from genzoo.evaluation.describe_protocol import protocol_of
from genzoo.evaluation.evaluation_record import (
    EvaluationRecord,
    ModelSection,
    Value,
)
from genzoo.evaluation.metric import Estimate, Metric
from genzoo.evaluation.open_data import LEAST, check_enough
from genzoo.evaluation.read_attributes import read_attributes
from genzoo.evaluation.settings import Settings
from genzoo.evaluation.subject import Subject
from genzoo.interfaces.kind import Kind
from genzoo.model.batches import evaluating
from genzoo.model.model import Model
from genzoo.model.sampling_options import changed_options
from genzoo.progress import Progress, silent
from genzoo.records import FeatureSpec, MetricSpec
from genzoo.registry import Entry, Registry
from genzoo.system.cache_folder import cache_root
from genzoo.system.thread_waiting import sharing_processors
from genzoo.system.torch_globals import plain_modes
from genzoo.version import __version__


@dataclass(frozen=True)
class Plan:
    """What to measure, and in which feature space.

    Attributes:
        metrics: Names; by default all that apply.
        features: Names of feature spaces; by default the best that is there. The first one's
            numbers have plain names.
        features_file: Weights of the first one's extractor, if it does not bring them.
        attributes: An .npz file with labels of the data beside its classes.
    """

    metrics: Sequence[str] = ()
    features: Sequence[str] = ()
    features_file: Path | None = None
    attributes: Path | None = None


@dataclass(frozen=True)
class Evaluation:
    """What is to be measured, of whom, and in which feature spaces."""

    subject: Subject
    metrics: Sequence[tuple[Entry[MetricSpec], Metric]]
    spaces: Sequence[Entry[FeatureSpec]]

    @plain_modes()
    def measure(self, name: str) -> EvaluationRecord:
        """Compute everything. Of several processes rank 0 calls it, the others `subject.assist`.

        Args:
            name: What the record calls the model.
        """
        subject = self.subject
        with sharing_processors(), evaluating(subject.model):
            values = self._values(subject)
        return EvaluationRecord(
            model=_model_section(subject.model, name, subject.settings),
            protocol=protocol_of(subject),
            parameters={
                entry.full_name: dict(metric.recorded(subject)) for entry, metric in self.metrics
            },
            values=tuple(values),
            versions=_versions([*self.spaces, *(entry for entry, _ in self.metrics)]),
        )

    def _values(self, subject: Subject) -> list[Value]:
        """All numbers in the first space, then those that hang on it in the others."""
        values, by_features = [], []
        for entry, metric in self.metrics:
            subject.computed.looked = False
            warnings: tuple[str, ...] = ()
            estimates = metric.measure(subject)
            if subject.computed.looked:
                by_features.append((entry, metric))
                warnings = subject.spaces[0].warnings(subject.model)
            values += _values(entry.full_name, estimates, warnings)
        for number, space in list(enumerate(self.spaces))[1:]:
            view = subject.through(number)
            for entry, metric in by_features:
                warnings = subject.spaces[number].warnings(subject.model)
                found = _values(entry.full_name, metric.measure(view), warnings)
                values += [
                    value.model_copy(update={"name": f"{value.name} ({space.record.name})"})
                    for value in found
                ]
        return values


def check_request(
    model: Model, kind: Kind, settings: Settings, plan: Plan, registry: Registry
) -> tuple[Sequence[tuple[Entry[MetricSpec], Metric]], Sequence[Entry[FeatureSpec]]]:
    """The metrics and the feature spaces; what does not fit is refused before data are opened.

    Raises:
        CapabilityError: The model lacks what a metric that was asked for needs, or a sampling
            option.
        ConfigError: A sampling option does not take such a value.
        UnknownNameError: There is no such metric, feature space or prior.
        UsageError: There is too little to measure.
    """
    if settings.label_prior not in ("uniform", "data"):
        raise UsageError(f"Labels are drawn as uniform or data, not {settings.label_prior}.")
    if settings.count < LEAST:
        raise UsageError(f"{settings.count} samples tell nothing.", f"Draw at least {LEAST}.")
    model.prior(settings.prior)
    changed_options(model.architecture.config, settings.sampling, model.name)
    chosen = choose_metrics(plan.metrics, model, registry)
    names: list[str | None] = [*dict.fromkeys(plan.features)] or [None]
    return chosen, [choose_features(name, kind, registry) for name in names]


@plain_modes()
def open_evaluation(
    model: Model,
    data: Dataset,
    settings: Settings,
    plan: Plan,
    registry: Registry,
    *,
    held_out: Dataset | None = None,
    progress: Progress = silent,
    processes: ProcessGroup = SINGLE_PROCESS,
) -> Evaluation:
    """Put together what `measure` needs, and refuse what does not fit before anything is measured.

    Args:
        model: The model.
        data: What it should be like, of the model's sample shape.
        settings: How samples are drawn.
        plan: What to measure.
        registry: Where names are looked up.
        held_out: Data that the model was not trained on.
        progress: Hears how far the work is.
        processes: The processes that share the work.

    Raises:
        CapabilityError: The model lacks what a metric that was asked for needs.
        DataError: The extractor's weights are missing or wrong.
        UnknownNameError: There is no such metric or feature space.
        UsageError: There is too little to measure.
    """
    chosen, spaces = check_request(model, data.kind, settings, plan, registry)
    _check(model, data, held_out)
    attributes = (
        read_attributes(plan.attributes, len(data), data.kind.array) if plan.attributes else None
    )
    first, *others = spaces
    with processes.one_by_one():
        extractor = open_extractor(first, model.device, plan.features_file)
        further = [(one.full_name, open_extractor(one, model.device, None)) for one in others]
    cache = cache_root()
    subject = Subject(
        model,
        data,
        settings,
        extractor,
        first.full_name,
        cache,
        held_out,
        progress,
        processes,
        [metric for _, metric in chosen],
        further,
        attributes,
    )
    return Evaluation(subject, chosen, spaces)


def weights_hash(model: Model) -> str:
    """SHA-256 over the names and values of all parameters and buffers."""
    state = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        state.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        # Bytes, as numpy knows no bfloat16.
        content = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        state.update(content.numpy().data)
    return f"sha256:{state.hexdigest()}"


def _check(model: Model, data: Dataset, held_out: Dataset | None) -> None:
    for dataset in (data, held_out):
        if dataset is None:
            continue
        check_enough(dataset.name, len(dataset), dataset.kind)
        if dataset.spec.shape != model.sample_spec.shape:
            raise UsageError(
                f"The data '{dataset.name}' is of shape {dataset.spec.shape}, "
                f"the model's samples of {model.sample_spec.shape}."
            )
    if held_out is not None and held_out.fingerprint == data.fingerprint:
        raise UsageError(
            f"The held-out data '{held_out.name}' is the data itself.",
            f"Name {data.kind.array} that the model was not trained on.",
        )


def _values(metric: str, estimates: Sequence[Estimate], warnings: tuple[str, ...]) -> list[Value]:
    return [
        Value(
            metric=metric,
            name=estimate.name,
            value=estimate.interval.value,
            low=estimate.interval.low,
            high=estimate.interval.high,
            error=estimate.interval.error,
            unit=estimate.unit,
            better=estimate.better,
            warnings=(*estimate.warnings, *warnings),
        )
        for estimate in estimates
    ]


def _model_section(model: Model, name: str, settings: Settings) -> ModelSection:
    return ModelSection(
        name=name,
        architecture=model.architecture_name,
        weights=weights_hash(model),
        prior=settings.prior or model.default_prior,
        truncation=settings.truncation,
        sampling=dict(settings.sampling),
    )


def _versions(entries: Sequence[Entry[FeatureSpec] | Entry[MetricSpec]]) -> dict[str, str]:
    plugins = {entry.distribution: entry.version for entry in entries}
    own = {"genzoo": __version__, "torch": torch.__version__, "numpy": np.__version__}
    return {**plugins, **own}
