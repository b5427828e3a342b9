"""Models to folders and to the Hub, from the Hub, and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genzoo.app.open_model import OpenModel, known_names, open_model
from genzoo.artifact.describe import weight_names
from genzoo.errors import UnknownNameError, UsageError
from genzoo.hub.cache import find_cached
from genzoo.hub.pull import PullPlan, plan_pull
from genzoo.hub.pull import pull as carry_out
from genzoo.hub.pull_record import check_pulled
from genzoo.hub.reference import HubReference, as_reference, parse_reference, parse_repository
from genzoo.progress import Progress, silent
from genzoo.records import ModelSpec
from genzoo.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

    from genzoo.artifact.verify import Verification
    from genzoo.evaluation.evaluation_record import EvaluationRecord
    from genzoo.hub.push import Pushed
    from genzoo.model.model import Model


def save_model(
    model: Model,
    folder: str | Path,
    *,
    like: str | Path | OpenModel | None = None,
    parts: Sequence[str] | None = None,
    training: Mapping[str, Any] | None = None,
    preview: bool = True,
    preview_prior: str | None = None,
    half: bool = False,
    licence: str = "",
    card: str | None = None,
    train: Mapping[str, Mapping[str, Tensor]] | None = None,
    registry: Registry | None = None,
) -> Path:
    """Write a model as an artifact, and return its folder.

    It takes the place of an artifact at `folder` all at once.

    Args:
        model: What to save.
        folder: Where; a folder that holds anything but an artifact is refused.
        like: A saved model that this one was made of: what that says of its training, its
            objective and its parts holds for this one too.
        parts: Parts to save; by default those of `like`, or those that sampling needs.
        training: Facts of the training, as JSON, beside or in the place of those of `like`.
        preview: Write a file that shows samples.
        preview_prior: Name of the prior that they are drawn from; by default the model's own.
        half: Store matrices in half precision, except where a value would overflow.
        licence: SPDX identifier of the weights' licence.
        card: Text of the model card instead of the generated one.
        train: What training on needs beside the model: states of networks by `part.NAME`, and of
            optimisers by `optimizer.NAME`.
        registry: Names; by default those of the installed plugins.

    Raises:
        ArtifactError: A weight is not finite, or `like` is damaged.
        PluginError: The architecture, a prior or the kind is not registered, or holds what cannot
            be saved.
        StorageError: The folder cannot be written.
        UsageError: `folder` holds something else.
    """
    from genzoo.artifact.save import save_model

    known, place = known_names(registry), Path(folder).expanduser()
    facts: dict[str, Any] = {"parts": parts, "training": dict(training or {})}
    if like is not None:
        opened = like if isinstance(like, OpenModel) else open_model(like, known)
        facts = _facts_of(opened, parts, training or {})
    save_model(
        model,
        place,
        registry=known,
        preview=preview,
        preview_prior=preview_prior,
        half=half,
        licence=licence,
        card=card,
        train=train,
        **facts,
    )
    return place


def _facts_of(
    like: OpenModel, parts: Sequence[str] | None, training: Mapping[str, Any]
) -> dict[str, Any]:
    config = like.config
    objective = config.objective
    return {
        "parts": parts or config.parts,
        "kind": config.kind,
        "kind_options": config.kind_options,
        "objective": None if objective is None else objective.name,
        "objective_config": None if objective is None else objective.config,
        "training": {**config.training, **training},
    }


def write_evaluations(
    folder: str | Path, records: Mapping[str, EvaluationRecord], name: str
) -> None:
    """Put records beside a saved model, and their numbers into its card.

    Args:
        folder: The model's.
        records: By the names of their files, in the order of the card.
        name: What users call the model.

    Raises:
        ArtifactError: The model has no card.
        StorageError: It cannot be written.
    """
    from genzoo.artifact.format import CARD
    from genzoo.evaluation.card_section import evaluation_section, with_section
    from genzoo.hub.push import read_card
    from genzoo.system.atomic_files import atomic_write

    place = Path(folder).expanduser()
    card = with_section(read_card(place), evaluation_section(records, name))
    for file, record in records.items():
        record.save(place / file)
    with atomic_write(place / CARD) as temporary:
        temporary.write_text(card, encoding="utf-8")


def verify(
    model: str | Path, *, progress: Progress = silent, registry: Registry | None = None
) -> Verification:
    """Check a model's files, and replay the samples that are stored with it.

    Args:
        model: A name of the zoo or of the Hub, or the folder of a model or of a run.
        progress: Hears how far a pull is: what, bytes so far and in all.
        registry: Names; by default those of the installed plugins.

    Returns:
        What was looked at and what was seen; its `ok` says whether every check passed.

    Raises:
        GenzooError: There is no such model.
    """
    from genzoo.artifact.verify import verify
    from genzoo.training.through_autoencoder import find_named

    opened = open_model(model, registry, progress)
    return verify(opened.folder, opened.registry, find_named)


def pull(
    model: str,
    *,
    everything: bool = False,
    progress: Progress = silent,
    registry: Registry | None = None,
) -> Path:
    """Bring a model from the Hub to this machine, verified, and return its folder.

    Args:
        model: `owner/name[@revision]`, or the name of a model of the zoo that is on the Hub.
        everything: Also what is there to train on.
        progress: Hears how far it is: what, bytes so far and in all.
        registry: Names; by default those of the installed plugins.

    Raises:
        ArtifactError: It is not a model that this genzoo can use, or is not what was announced.
        HubError: The Hub cannot be reached, or refuses.
        StorageError: The cache cannot be written, or has no room.
        UnknownNameError, UsageError: There is no such model on the Hub.
    """
    known = known_names(registry)
    return carry_out(plan(hub_reference(model, known), known, everything), progress)


def push(
    model: str | Path,
    name: str,
    *,
    private: bool = False,
    licence: str = "",
    records: Iterable[str | Path] = (),
    progress: Progress = silent,
    registry: Registry | None = None,
) -> Pushed:
    """Publish a model on the Hugging Face Hub; the repository is made if there is none.

    Records of evaluations that lie beside the model as `evaluation*.json` go with it, and their
    numbers into its card.

    Args:
        model: A name, or the folder of a model or of a run.
        name: `owner/name`, or `owner/name@branch`.
        private: Whether a repository that is made is to be seen by its owner alone.
        licence: SPDX identifier of the weights' licence, for the card.
        records: Further records of evaluations of it, as files.
        progress: Hears of the phases.
        registry: Names; by default those of the installed plugins.

    Raises:
        ArtifactError: The model is damaged, or holds what is not part of one.
        HubError: There is no token, or the Hub refuses or cannot be reached.
        UsageError: A record is of other weights.
    """
    from genzoo.hub.push import push

    reference = parse_repository(name)
    opened = open_model(model, registry, progress)
    files, card = _with_records(opened, [Path(record) for record in records], str(reference))
    return push(
        opened.folder,
        reference,
        private=private,
        licence=licence,
        card=card,
        extras=files,
        progress=progress,
    )


def hub_reference(name: str, registry: Registry) -> HubReference:
    """The model of the Hub that `name` means: its own name, or that of a model of the zoo there.

    Raises:
        UsageError: It is not a name of the Hub, or a model that comes with a package.
    """
    if name not in registry[ModelSpec] and name not in registry[ModelSpec].names():
        return parse_reference(name)
    entry = registry[ModelSpec].find(name)
    reference = as_reference(entry.record.location)
    if reference is None:
        raise UsageError(
            f"'{name}' comes with {entry.distribution}, not from the Hub.",
            f"Try it: genzoo sample {name}",
        )
    return reference


def plan(reference: HubReference, registry: Registry, everything: bool = False) -> PullPlan:
    """What pulling a model would do; it may be of a format that a plugin knows.

    Raises:
        ArtifactError, HubError, UnknownNameError: As `plan_pull`.
    """
    return plan_pull(reference, everything=everything, weights_of=weight_names(registry))


def pulled(reference: HubReference) -> Path:
    """The folder of a model that was pulled before; the Hub is not asked.

    Raises:
        ArtifactError: It was altered since.
        UnknownNameError: It was not.
    """
    folder = find_cached(reference)
    if folder is None:
        raise UnknownNameError(
            f"'{reference}' is not on this machine.", f"Online, type: genzoo pull {reference}"
        )
    return check_pulled(folder, reference)


def _with_records(
    opened: OpenModel, given: Sequence[Path], name: str
) -> tuple[dict[str, Path], str]:
    """The records beside a model and those `given`, by their files; the card with their numbers."""
    from genzoo.evaluation.card_section import evaluation_section, with_section
    from genzoo.evaluation.evaluation_record import EvaluationRecord
    from genzoo.hub.push import read_card, require_own_file

    folder = opened.folder
    card = read_card(folder)
    beside = sorted(folder.glob("evaluation*.json"))
    for path in beside:
        require_own_file(folder, path.name)
    files = {_file_name(path): path for path in (*beside, *given)}
    if not files:
        return {}, card
    records = {file: EvaluationRecord.read(path) for file, path in files.items()}
    _check_weights(opened, records)
    return files, with_section(card, evaluation_section(records, name))


def _file_name(path: Path) -> str:
    return path.name if path.name.startswith("evaluation") else f"evaluation-{path.name}"


def _check_weights(opened: OpenModel, records: Mapping[str, EvaluationRecord]) -> None:
    from genzoo.evaluation.evaluate import weights_hash

    weights = weights_hash(opened.load())
    for file, record in records.items():
        if record.model.weights != weights:
            raise UsageError(
                f"'{file}' is the record of other weights than those in {opened.folder}.",
                "Evaluate the model again: genzoo evaluate.",
            )
