"""Records as a section of a model's card."""

from __future__ import annotations

from collections.abc import Mapping

from genzoo.evaluation.evaluation_record import EvaluationRecord, Value

HEADING = "## Evaluation"


def evaluation_section(records: Mapping[str, EvaluationRecord], model: str) -> str:
    """The numbers of `records` with the protocol of each, as Markdown that ends with a newline.

    Args:
        records: By the names of their files, which lie beside the card.
        model: What a user calls the folder of the model.
    """
    parts = [HEADING]
    for file, record in records.items():
        parts += [_protocol(record), _table(record), _warnings(record)]
        again = f"genzoo evaluate --reproduce {model}/{file}"
        parts.append(f"The record is `{file}`. To run it again: `{again}`.")
    return "\n\n".join(part for part in parts if part) + "\n"


def with_section(card: str, section: str) -> str:
    """The text of a card with `section` in the place of its evaluation, or at its end."""
    before, found, rest = card.partition(f"\n{HEADING}\n")
    if not found:
        return f"{card.rstrip()}\n\n{section}"
    _, following, after = rest.partition("\n## ")
    return f"{before}\n{section}{following}{after}"


def _protocol(record: EvaluationRecord) -> str:
    samples, data, features = (
        record.protocol.samples,
        record.protocol.data,
        record.protocol.features,
    )
    labels = "" if samples.label_prior == "none" else f", labels {samples.label_prior}"
    options = "".join(f", {name} {value}" for name, value in record.model.sampling.items())
    size = "" if features.size is None else f" at {features.size} pixels"
    resize = f", {features.resize}" if features.resize else ""
    return (
        f"{samples.count:,} samples (seed {samples.seed}, prior {record.model.prior}, truncation "
        f"{record.model.truncation:g}{options}{labels}, {samples.quantisation}) and {data.used:,} "
        f"{data.array} of `{data.name}` ({data.split}; fingerprint {data.fingerprint}), in the "
        f"features `{features.name}`{size}{resize} (protocol {record.protocol.version})."
    )


def _table(record: EvaluationRecord) -> str:
    rows = [_row(value) for value in record.values]
    return "\n".join(["| metric | value | 95 % interval | better |", "|---|---|---|---|", *rows])


def _row(value: Value) -> str:
    better = "" if value.better == "neither" else value.better
    return f"| {value.name} | {value.text} | {value.interval} | {better} |"


def _warnings(record: EvaluationRecord) -> str:
    texts = dict.fromkeys(text for value in record.values for text in value.warnings)
    return "\n".join(f"- {text}" for text in texts)
