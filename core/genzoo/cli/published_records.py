"""Which evaluations go to the Hub with a model, and what its card then says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genzoo.errors import UsageError

if TYPE_CHECKING:
    from genzoo.evaluation.record import EvaluationRecord
    from genzoo.registry import Registry


@dataclass(frozen=True)
class PublishedRecords:
    """Evaluations of a model.

    Attributes:
        files: Their records by the names that they get.
        card: The model's card with their numbers.
    """

    files: dict[str, Path]
    card: str


def published_records(
    folder: Path, given: Sequence[Path], name: str, registry: Registry
) -> PublishedRecords:
    """The records beside a model, and those that the user names.

    Args:
        folder: The artifact.
        given: Records elsewhere.
        name: What the model is called where it is published.
        registry: Where its architecture is looked up.

    Raises:
        ArtifactError: The card, or a record, cannot be read, or is a link.
        UsageError: A record is of other weights.
    """
    from genzoo.evaluation.card_section import evaluation_section, with_section
    from genzoo.evaluation.record import EvaluationRecord
    from genzoo.hub.push import read_card, require_own_file

    card = read_card(folder)
    beside = sorted(folder.glob("evaluation*.json"))
    for path in beside:
        require_own_file(folder, path.name)
    files = {_file_name(path): path for path in (*beside, *given)}
    if not files:
        return PublishedRecords({}, card)
    records = {file: EvaluationRecord.read(path) for file, path in files.items()}
    _check_weights(folder, records, registry)
    return PublishedRecords(files, with_section(card, evaluation_section(records, name)))


def _file_name(path: Path) -> str:
    return path.name if path.name.startswith("evaluation") else f"evaluation-{path.name}"


def _check_weights(folder: Path, records: dict[str, EvaluationRecord], registry: Registry) -> None:
    from genzoo.artifact.load import load_model
    from genzoo.evaluation.evaluate import weights_hash

    weights = weights_hash(load_model(folder, registry))
    for file, record in records.items():
        if record.model.weights != weights:
            raise UsageError(
                f"'{file}' is the record of other weights than those in {folder}.",
                "Evaluate the model again: genzoo evaluate.",
            )
