"""How good a model is: one way to open an evaluation, anew or of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genzoo.app.open_model import known_names, open_model
from genzoo.artifact.format import CONFIG
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.evaluation.evaluate import Evaluation, Plan, check_request, open_evaluation
from genzoo.evaluation.evaluation_record import EvaluationRecord
from genzoo.evaluation.open_data import open_beside
from genzoo.evaluation.reproduce import check_protocol, check_unchanged, plan_of, settings_of
from genzoo.evaluation.settings import Settings
from genzoo.hub.resolve_model_name import find_model
from genzoo.hub.single_file import here
from genzoo.media.image_kind import with_max_pixels
from genzoo.media.registered_kinds import kind_of_model
from genzoo.model.model import Model
from genzoo.progress import Progress, silent
from genzoo.registry import Registry

if TYPE_CHECKING:
    import torch

    from genzoo.data.data_argument import DataLike
    from genzoo.data.dataset import Dataset


@dataclass(frozen=True)
class Request:
    """What to judge a model by, and how.

    Attributes:
        data: What the model's samples should be like.
        settings: How samples are drawn.
        plan: What to measure.
        held_out: Data that the model was not trained on.
        stream: Whether the data are decoded as they are used, without a copy on the disk.
        max_pixels: Images of more are left out; None for as many as the model was trained with.
        expected: A record whose weights and data these must be.
    """

    data: DataLike
    settings: Settings
    plan: Plan
    held_out: DataLike | None = None
    stream: bool = False
    max_pixels: int | None = None
    expected: EvaluationRecord | None = None

    def open(
        self,
        model: Model,
        registry: Registry,
        *,
        progress: Progress = silent,
        note: Callable[[str], None] = lambda message: None,
        processes: ProcessGroup = SINGLE_PROCESS,
    ) -> Evaluation:
        """What measures `model`; what does not fit is refused before anything is measured.

        Args:
            model: Whom to judge.
            registry: Where names are looked up.
            progress: Hears how far the work is.
            note: Hears of what there is to say about the data.
            processes: The processes that share the work.

        Raises:
            GenzooError: Names, options or data that do not fit.
        """
        kind = with_max_pixels(kind_of_model(model, registry), self.max_pixels)
        check_request(model, kind, self.settings, self.plan, registry)

        def opened(data: DataLike, labelled: bool) -> Dataset:
            dataset = open_beside(
                data,
                kind,
                model.sample_spec,
                registry,
                labelled=labelled,
                progress=progress,
                stream=self.stream,
                note=note,
            )
            for remark in dataset.notes:
                note(remark)
            return dataset

        with processes.one_by_one():
            dataset = opened(self.data, True)
            unseen = None if self.held_out is None else opened(self.held_out, False)
        if self.expected is not None:
            check_unchanged(self.expected, model, dataset)
        return open_evaluation(
            model,
            dataset,
            self.settings,
            self.plan,
            registry,
            held_out=unseen,
            progress=progress,
            processes=processes,
        )


def reproduction(
    recorded: EvaluationRecord,
    data: DataLike | None = None,
    held_out: DataLike | None = None,
    features_file: Path | None = None,
    attributes: Path | None = None,
    batch_size: int = 64,
    stream: bool = False,
    max_pixels: int | None = None,
) -> Request:
    """The protocol of a record, to be run again.

    Args:
        recorded: The record.
        data: Where its data are now; by default where they were.
        held_out: Where its held-out data are now.
        features_file: Weights of the feature extractor, if it does not bring them.
        attributes: Labels of the data, for a record that has measured them.
        batch_size: How many to compute at once.
        stream: Whether the data are decoded as they are used.
        max_pixels: As in `Request`.

    Raises:
        DataError: The record is of another version of the protocol.
    """
    check_protocol(recorded)
    protocol = recorded.protocol
    unseen = protocol.held_out.name if protocol.held_out else None
    return Request(
        protocol.data.name if data is None else data,
        settings_of(recorded, batch_size),
        replace(plan_of(recorded), features_file=features_file, attributes=attributes),
        unseen if held_out is None else held_out,
        stream,
        max_pixels,
        recorded,
    )


def find_record(source: str, registry: Registry) -> tuple[EvaluationRecord, str | None]:
    """The record that `source` means, and the model that it lies beside.

    `MODEL/FILE.json` is a file beside a model, whatever the model is called.

    Raises:
        GenzooError: There is no such record, or it cannot be read.
    """
    path = Path(source).expanduser()
    if path.is_file():
        beside = str(path.resolve().parent) if (path.parent / CONFIG).is_file() else None
        return EvaluationRecord.read(path), beside
    model, _, file = source.rpartition("/") if source.endswith(".json") else (source, "", "")
    if not model:
        return EvaluationRecord.read(path), None
    return EvaluationRecord.read(find_model(model, registry).folder / file), model


def evaluate(
    model: str | Path | Model,
    data: DataLike,
    *,
    metrics: Sequence[str] = (),
    features: str | Sequence[str] = (),
    features_file: str | Path | None = None,
    attributes: str | Path | None = None,
    count: int = 10_000,
    seed: int = 0,
    prior: str | None = None,
    truncation: float = 1.0,
    label_prior: str = "uniform",
    held_out: DataLike | None = None,
    batch_size: int = 64,
    max_pixels: int | None = None,
    stream: bool = False,
    device: str | torch.device = "cpu",
    sampling: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    registry: Registry | None = None,
) -> EvaluationRecord:
    """Measure how good a model is, with the protocol that each number stands for.

    Args:
        model: A name, a folder, or a model at hand.
        data: What it should be like: a folder, an `.npz` file, the name of a data set, a list of
            files, or rows such as images (N, height, width, channels) uint8.
        metrics: Names of metrics; by default all that apply.
        features: Names of feature spaces, or one; by default the preferred one of the kind that
            is installed. The first one's numbers have plain names.
        features_file: Weights of the first one's extractor, if it does not bring them: a file, or
            `hf://owner/name[@revision]/file` on the Hub.
        attributes: An `.npz` file with labels of the data beside its classes, one array for each
            attribute, in the order of the data.
        count: Number of samples.
        seed: Names their sequence.
        prior: The prior to draw latents from.
        truncation: Shrinks latents towards the prior's centre, in (0, 1].
        label_prior: Classes of samples: `uniform`, all in turn, or `data`, as often as there.
        held_out: Data that the model was not trained on, to tell copies by.
        batch_size: How many to compute at once; does not change the numbers.
        max_pixels: Images of more are left out. Default: as when the model was trained.
        stream: Decode the data as they are used, without a copy on the disk.
        device: Where to compute, for a model that is not at hand.
        sampling: Other values of the architecture's sampling options, as for `Model.sample`.
        progress: Called with what is being done, how much of it is, and its total.
        registry: Names; by default those of the installed plugins.

    Raises:
        GenzooError: Names, options or data that do not fit.
    """
    known = known_names(registry)
    loaded = model if isinstance(model, Model) else open_model(model, known).load(device)
    weights = None if features_file is None else here(features_file)
    spaces = (features,) if isinstance(features, str) else tuple(features)
    request = Request(
        data,
        Settings(count, seed, prior, truncation, label_prior, batch_size, sampling or {}),
        Plan(metrics, spaces, weights, None if attributes is None else Path(attributes)),
        held_out,
        stream,
        max_pixels,
    )
    return request.open(loaded, known, progress=progress or silent).measure(loaded.name)
