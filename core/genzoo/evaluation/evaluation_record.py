"""What an evaluation leaves: numbers, and the protocol that each stands for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from genzoo.errors import DataError
from genzoo.specs import Config
from genzoo.system.atomic_files import atomic_write
from genzoo.system.strict_json import parse_json

FORMAT_VERSION = 1

PROTOCOL = 2
"""Version of how numbers are made from samples and data; those of different ones are not compared.

1: neighbours at equal distances by rounding, truncation of every prior towards the origin, the
interval of the kernel distance by resampling its blocks. 2: by exact arithmetic, towards the
prior's own centre, and by Student's t.
"""

RECORD = "evaluation.json"
"""The record's name in the folder of a model."""

MAX_BYTES = 16 << 20


class Section(Config):
    """Base of everything in the file: lenient about fields that a later genzoo added."""

    model_config = ConfigDict(extra="ignore")


class ModelSection(Section):
    """Whose samples were judged.

    Attributes:
        name: As the user said it.
        architecture: Full name, `distribution/name`.
        weights: Hash of all parameters and buffers.
        prior: The prior that latents were drawn from.
        truncation: Factor that latents were shrunk by.
        sampling: Sampling options that were not as the model has them.
    """

    name: str
    architecture: str
    weights: str
    prior: str
    truncation: float = 1.0
    sampling: dict[str, Any] = Field(default_factory=dict)


class DataSection(Section):
    """Data that a model was judged by.

    Attributes:
        name: As the user said it.
        fingerprint: Changes whenever the samples or their order do.
        count: Number of samples.
        used: Number of samples that features were computed of.
        split: Which samples these are.
        shape: Shape of one; images are (channels, height, width).
        array: What they are called: images, or as their kind says.
    """

    name: str
    fingerprint: str
    count: int
    used: int
    split: str
    shape: tuple[int, ...]
    array: str = "images"


class FeatureSection(Section):
    """The feature space.

    Attributes:
        name: Full name, `distribution/name`.
        hash: Of the extractor's weights.
        size: Side in pixels that images are resized to.
        resize: Resize filter.
    """

    name: str
    hash: str
    size: int | None
    resize: str


class SampleSection(Section):
    """How samples were drawn.

    Attributes:
        count: Number of samples.
        seed: Names their sequence.
        label_prior: How classes were chosen: `none`, `uniform` or `data`.
        quantisation: What was done to values before features were computed.
    """

    count: int
    seed: int
    label_prior: Literal["none", "uniform", "data"]
    quantisation: str


class Protocol(Section):
    """All that a number depends on beside the model.

    Attributes:
        version: Of the way numbers are made, see `PROTOCOL`. Old records do not say it.
        data: What the samples were compared with.
        held_out: Data that the model was not trained on.
        samples: How they were drawn.
        features: What distances were taken in.
        more_features: Further feature spaces, whose numbers have theirs in their names.
    """

    version: int = Field(1, ge=1)
    data: DataSection
    held_out: DataSection | None = None
    samples: SampleSection
    features: FeatureSection
    more_features: tuple[FeatureSection, ...] = ()


class Value(Section):
    """One number.

    Attributes:
        metric: Full name of the metric that gave it.
        name: What it is called.
        value: The estimate.
        low: Lower end of its 95 % interval.
        high: Upper end.
        error: Standard error.
        unit: Such as `nats`; empty for a plain number.
        better: Which way is better, or neither.
        warnings: Sentences to read with the number.
    """

    metric: str
    name: str
    value: float
    low: float
    high: float
    error: float
    unit: str = ""
    better: Literal["lower", "higher", "neither"]
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The value for people, with its unit."""
        return f"{_number(self.value)} {self.unit}".rstrip()

    @property
    def interval(self) -> str:
        """The interval for people."""
        return f"{_number(self.low)} to {_number(self.high)}"


def _find(values: tuple[Value, ...], like: Value) -> Value | None:
    for value in values:
        if (value.metric, value.name, value.unit) == (like.metric, like.name, like.unit):
            return value
    return None


class Run(Section):
    """One of several trainings that a record is about.

    Attributes:
        model: Whose samples were judged.
        values: The numbers.
    """

    model: ModelSection
    values: tuple[Value, ...]

    def find(self, like: Value) -> Value | None:
        """The number that is called as `like` is, if there is one."""
        return _find(self.values, like)


class EvaluationRecord(Section):
    """The result of an evaluation; `save` and `read` keep it as JSON.

    Attributes:
        model: Whose samples were judged.
        protocol: How.
        parameters: Parameters of each metric by its full name.
        values: The numbers.
        versions: Of genzoo, torch and the distributions that brought metrics or features.
        runs: Where the record is about several trainings, each by itself: `values` are then means
            over them, with intervals that cover another training.
    """

    library: Literal["genzoo"] = "genzoo"
    format_version: int = Field(FORMAT_VERSION, ge=1, le=FORMAT_VERSION)
    model: ModelSection
    protocol: Protocol
    parameters: dict[str, dict[str, Any]]
    values: tuple[Value, ...]
    versions: dict[str, str]
    runs: tuple[Run, ...] = ()

    def find(self, like: Value) -> Value | None:
        """The number that is called as `like` is, if there is one."""
        return _find(self.values, like)

    def save(self, path: Path) -> None:
        """Write it to `path`.

        Raises:
            StorageError: The file cannot be written.
        """
        text = json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False)
        with atomic_write(path) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> EvaluationRecord:
        """The record at `path`: the file, the folder of a model that holds it, or its card.

        Raises:
            DataError: There is none, or it cannot be read.
        """
        return _read(_record_file(path))


def _record_file(path: Path) -> Path:
    """Where the record that goes with `path` lies."""
    if path.is_dir():
        inner = path / "artifact" / RECORD
        return inner if inner.is_file() else path / RECORD
    return path.parent / RECORD if path.suffix.lower() == ".md" else path


def _read(path: Path) -> EvaluationRecord:
    hint = "Make one: genzoo evaluate MODEL DATA -o record.json."
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DataError(f"There is no record of an evaluation at '{path}'.", hint) from None
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror or error}.", hint) from error
    if len(content) > MAX_BYTES:
        raise DataError(f"'{path}' is too large to be the record of an evaluation.", hint)
    try:
        facts = parse_json(content)
        newer = isinstance(facts, dict) and facts.get("format_version", 0)
        if isinstance(newer, int) and newer > FORMAT_VERSION:
            raise DataError(f"'{path}' is of a newer format.", "Update genzoo.")
        return EvaluationRecord.model_validate(facts)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "content"
        reason = f"{where[:100]}: {first['msg']}"
    except ValueError:
        reason = "it is not JSON"
    raise DataError(f"'{path}' is not the record of an evaluation: {reason}.", hint)


def _number(value: float) -> str:
    """Four digits, or all before the point: 0.0123, 2.5, -45,853."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
