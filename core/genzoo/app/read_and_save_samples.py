"""Samples for a model, out of files and data sets, and samples of one, into files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genzoo.app.open_model import known_names
from genzoo.errors import UsageError
from genzoo.interfaces.kind import Kind
from genzoo.media.registered_kinds import kind_of_model
from genzoo.model.labels import class_indices
from genzoo.records import DataSourceSpec
from genzoo.specs import SampleSpec

if TYPE_CHECKING:
    from torch import Tensor

    from genzoo.model.model import Model
    from genzoo.registry import Registry

DEFAULT_COUNT = 32
"""Samples taken of a data set unless a number is asked for."""


@dataclass(frozen=True)
class Inputs:
    """Samples (N, *sample shape) in the range of the model, and their classes if it has some."""

    x: Tensor
    labels: list[int] | None


def read_inputs(
    sources: tuple[str, ...],
    kind: Kind,
    spec: SampleSpec,
    registry: Registry,
    count: int | None,
    labels: tuple[str, ...],
) -> Inputs:
    """Read files, or take samples spread evenly over one data set.

    Args:
        sources: Files, or one folder, .npz, .tar or .parquet file, or name of a data set; of a
            kind that is `printed` texts too.
        kind: What they hold.
        spec: Contract of the model's samples.
        registry: Where data sets are registered.
        count: How many at most; by default all files, or 32 of a data set.
        labels: Classes from the command line; they take precedence over those of the data.

    Raises:
        DataError: Something cannot be read.
        UsageError: Unknown names, or classes that are missing.
    """
    from genzoo.data.read_files import read_labelled

    class_indices(labels, spec, 1)
    if len(sources) == 1 and _is_dataset(sources[0], kind, registry):
        x, known = _from_dataset(sources[0], kind, spec, registry, count or DEFAULT_COUNT)
    else:
        x, names = read_labelled(sources[:count], kind, spec)
        x, known = x[:count], _numbers(names[:count], spec)
    given = class_indices(labels, spec, len(x))
    if spec.conditional and given is None and known is None:
        raise UsageError(
            f"The model has classes, and those of the {kind.array} are not known.",
            f"Add --label NAME, once or once for each {kind.noun}.",
        )
    return Inputs(x, given if given is not None else known)


def save(
    samples: Tensor,
    model: Model,
    path: str | Path,
    *,
    columns: int | None = None,
    registry: Registry | None = None,
) -> Path:
    """Write samples of any kind to `path`, and return it.

    A file shows or holds all of them, as its ending says; a folder, there or new, gets one file
    for each; an `.npz` gets them in the units of the data. `model.kind.endings` are those that its
    kind can write.

    Args:
        samples: (N, *sample shape) in the range of the model's samples.
        model: What made them, or reads such.
        path: Where.
        columns: Samples in a row, for kinds that have rows, such as images.
        registry: Names; by default those of the installed plugins.

    Raises:
        SpecError: They do not have the shape of the model's samples.
        StorageError: The file cannot be written.
        UsageError: There is no sample, or the file's ending is not known.
    """
    from genzoo.media.save_samples import save_samples
    from genzoo.model.reshape import reshape

    place = Path(path).expanduser()
    kind = kind_of_model(model, known_names(registry))
    # An autoencoder of images of any size gives others than its own.
    shape = tuple(samples.shape[1:])
    made = reshape(model, shape) if model.architecture.any_shape and len(samples) else model
    save_samples(samples, kind, made.sample_spec, place, columns)
    return place


def _is_dataset(source: str, kind: Kind, registry: Registry) -> bool:
    from genzoo.data.find_source import is_known
    from genzoo.data.read_files import is_text

    if is_text(source, kind):
        return is_known(source, registry)
    specs = (entry.record for entry in registry[DataSourceSpec].values())
    endings = (".npz", ".npy", *(ending for spec in specs for ending in spec.endings))
    return source.lower().endswith(endings) or not Path(source).is_file()


def _from_dataset(
    name: str, kind: Kind, spec: SampleSpec, registry: Registry, count: int
) -> tuple[Tensor, list[int] | None]:
    import numpy as np

    from genzoo.data.open_dataset import open_dataset

    fitted = type(kind)(kind.options_for_spec(spec))
    dataset = open_dataset(name, fitted, registry=registry)
    count = min(count, len(dataset))
    chosen = np.arange(count) * len(dataset) // count
    x, _ = dataset.batch(chosen, spec)
    if dataset.labels is None or not spec.conditional or set(dataset.classes) - set(spec.classes):
        return x, None
    return x, _numbers([dataset.classes[label] for label in dataset.labels[chosen]], spec)


def _numbers(names: Sequence[str], spec: SampleSpec) -> list[int] | None:
    """The classes of a model by their names; None where it has not all of them."""
    if not names or set(names) - set(spec.classes):
        return None
    return [spec.classes.index(name) for name in names]
