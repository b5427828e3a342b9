"""Running a record's protocol again."""

from __future__ import annotations

from dataclasses import dataclass

from genzoo.data.dataset import Dataset
from genzoo.errors import DataError
from genzoo.evaluation.compare import protocol_differences
from genzoo.evaluation.evaluate import Plan, weights_hash
from genzoo.evaluation.evaluation_record import PROTOCOL, EvaluationRecord, Value
from genzoo.evaluation.settings import Settings
from genzoo.model.model import Model


@dataclass(frozen=True)
class Replication:
    """A recorded number beside the same number of today.

    Attributes:
        recorded: As it was.
        value: As it is now; None where it was not measured again.
        holds: Whether it lies within the recorded interval.
    """

    recorded: Value
    value: float | None
    holds: bool


def settings_of(record: EvaluationRecord, batch_size: int) -> Settings:
    """How the record's samples were drawn."""
    samples, model = record.protocol.samples, record.model
    return Settings(
        count=samples.count,
        seed=samples.seed,
        prior=model.prior,
        truncation=model.truncation,
        label_prior="uniform" if samples.label_prior == "none" else samples.label_prior,
        batch_size=batch_size,
        sampling=model.sampling,
    )


def plan_of(record: EvaluationRecord) -> Plan:
    """What the record measured."""
    spaces = (record.protocol.features, *record.protocol.more_features)
    return Plan(
        metrics=tuple(record.parameters), features=tuple(features.name for features in spaces)
    )


def check_protocol(record: EvaluationRecord) -> None:
    """Refuse to run again what this genzoo measures in another way, or what is of several models.

    Raises:
        DataError: The record is of another version, or of several trainings.
    """
    version = record.protocol.version
    if version != PROTOCOL:
        raise DataError(
            f"The record is of protocol {version}, and this genzoo measures by {PROTOCOL}.",
            "Measure the model anew: genzoo evaluate MODEL DATA -o record.json.",
        )
    if record.runs:
        names = ", ".join(run.model.name for run in record.runs)
        raise DataError(
            f"The record is of several trainings: {names}.",
            "Measure each by itself: genzoo evaluate MODEL DATA -o record.json.",
        )


def check_unchanged(record: EvaluationRecord, model: Model, data: Dataset) -> None:
    """Refuse to measure what a record is not about.

    Raises:
        DataError: The weights or the images are others than those of the record.
    """
    if record.model.weights != weights_hash(model):
        raise DataError(
            f"The weights of '{record.model.name}' are not those that were measured.",
            "Name the model as it was with MODEL, or measure it anew.",
        )
    known = record.protocol.data
    if known.fingerprint != data.fingerprint:
        raise DataError(
            f"The data '{data.name}' is not what was measured: data.fingerprint is "
            f"{data.fingerprint} and was {known.fingerprint}.",
            "Name the data as it was with DATA.",
        )


def replicate(recorded: EvaluationRecord, again: EvaluationRecord) -> list[Replication]:
    """The numbers of a record beside those of a second run of its protocol.

    Raises:
        DataError: The protocol is another one now; says what differs.
    """
    found = protocol_differences(recorded.protocol, again.protocol)
    if recorded.parameters != again.parameters:
        found.append("parameters of metrics")
    if found:
        raise DataError(
            f"The protocol cannot be run again as it was: {'; '.join(found)}.",
            "Name the data as it was with DATA.",
        )
    return [_replication(value, again) for value in recorded.values]


def _replication(recorded: Value, again: EvaluationRecord) -> Replication:
    value = again.find(recorded)
    if value is None:
        return Replication(recorded, None, False)
    return Replication(recorded, value.value, recorded.low <= value.value <= recorded.high)
