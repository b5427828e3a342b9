"""One record for several trainings of the same model: their mean, and how far they spread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from genzoo.errors import UsageError
from genzoo.evaluation.compare import check_comparable
from genzoo.evaluation.evaluation_record import EvaluationRecord, ModelSection, Run, Value
from genzoo.evaluation.student import mean_of_few


def record_of_runs(records: Sequence[EvaluationRecord]) -> EvaluationRecord:
    """The mean of each number over several models, with Student's interval over them.

    Unlike those of one record, these intervals cover another training: with another seed, say.

    Args:
        records: At least two, of one protocol, none of them of several models itself.

    Raises:
        UsageError: Fewer than two, protocols or architectures that differ, or one model twice.
    """
    if len(records) < 2:
        raise UsageError("The spread of trainings needs at least two.", "Name several models.")
    first, *others = records
    check_same_architecture({record.model.name: record.model.architecture for record in records})
    for other in others:
        check_comparable(first, other)
    weights = [record.model.weights for record in records]
    if len(set(weights)) < len(weights):
        raise UsageError("Two of the models have the same weights.", "Name each training once.")
    found = [[record.find(value) for record in records] for value in first.values]
    values = [
        _mean([value for value in same if value is not None]) for same in found if None not in same
    ]
    runs = tuple(Run(model=record.model, values=record.values) for record in records)
    return first.model_copy(
        update={"model": _model(records), "values": tuple(values), "runs": runs}
    )


def check_same_architecture(architectures: Mapping[str, str]) -> None:
    """Refuse models of several architectures, given by the models' names.

    Raises:
        UsageError: They differ.
    """
    (name, architecture), *others = architectures.items()
    for other, another in others:
        if another != architecture:
            raise UsageError(
                f"'{name}' is {architecture}, and '{other}' {another}: their mean tells nothing.",
                "Evaluate each by itself, and type genzoo compare.",
            )


def _mean(same: Sequence[Value]) -> Value:
    interval = mean_of_few([value.value for value in same])
    warnings = tuple(dict.fromkeys(text for value in same for text in value.warnings))
    return same[0].model_copy(
        update={
            "value": interval.value,
            "low": interval.low,
            "high": interval.high,
            "error": interval.error,
            "warnings": warnings,
        }
    )


def _model(records: Sequence[EvaluationRecord]) -> ModelSection:
    """What stands for all of them."""
    together = hashlib.sha256("\n".join(record.model.weights for record in records).encode())
    names = ", ".join(record.model.name for record in records)
    update = {"name": names, "weights": f"sha256:{together.hexdigest()}"}
    return records[0].model.model_copy(update=update)
