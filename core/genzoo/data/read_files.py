"""Files that a user names, as samples of a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genzoo.data.data_notes import printable, with_article
from genzoo.data.decoding import attempt, quiet_decoding
from genzoo.data.folder_listing import check_plain, scan_folder
from genzoo.errors import DataError
from genzoo.interfaces.data_source import Content
from genzoo.interfaces.decoded import Decoded, UndecodableError
from genzoo.interfaces.kind import Kind
from genzoo.interfaces.name_patterns import label_in_name
from genzoo.specs import SampleSpec

if TYPE_CHECKING:
    from torch import Tensor

SHOWN_TEXT = 80
"""Characters of a text in an error."""


def read_files(paths: Iterable[str | Path], kind: Kind, spec: SampleSpec) -> Tensor:
    """The samples in files, and in all files of folders, (N, *spec.shape).

    Args:
        paths: Files and folders; of a `printed` kind texts too.
        kind: What they hold; its options are fitted to `spec`.
        spec: The samples' contract, such as a model's.

    Raises:
        DataError: A file cannot be read, or there is none.
        SpecError: Samples of this kind cannot be made to fit `spec`.
    """
    return read_labelled(paths, kind, spec)[0]


def read_labelled(
    paths: Iterable[str | Path], kind: Kind, spec: SampleSpec
) -> tuple[Tensor, tuple[str, ...]]:
    """As `read_files`, and the class of each sample, where all files or their names say it."""
    import torch

    kind = type(kind)(kind.options_for_spec(spec))
    with quiet_decoding():
        files = list(_files(paths, kind))
        decoded = [_read(file, kind) for file in files]
    if not decoded:
        raise DataError(
            f"There is no {kind.noun} to read.",
            f"Name at least one file with {with_article(kind.noun)}.",
        )
    rows = np.concatenate([each.rows for each in decoded])
    names = tuple(printable(label) for each in decoded for label in each.labels)
    names = names or tuple(
        label
        for file, each in zip(files, decoded, strict=True)
        for label in label_in_name(kind.label_pattern, _name(file)) * len(each.rows)
    )
    x = kind.samples(torch.from_numpy(rows), spec)
    return x, names if len(names) == len(rows) else ()


def _name(file: Path | Content) -> Path:
    """Where its class is looked for: a text that was typed has no name that says anything."""
    return file if isinstance(file, Path) else Path(file.name)


def is_text(source: str | Path, kind: Kind) -> bool:
    """Whether a user's argument is a sample itself: a text for a `printed` kind, and not a file.

    What ends as files do that the kind reads is the name of one.
    """
    name = str(source)
    if not kind.printed or name.lower().endswith((*kind.reads, ".npz", ".npy")):
        return False
    try:
        return not Path(source).expanduser().exists()
    except (OSError, ValueError):
        return True  # too long for a path, or with signs that none has


def _files(paths: Iterable[str | Path], kind: Kind) -> Iterator[Path | Content]:
    for given in paths:
        path = Path(given)
        if is_text(given, kind):
            yield Content(f"{kind.noun}{kind.endings[0]}", str(given).encode(errors="replace"))
        elif path.is_dir():
            yield from (path / file.path for file in scan_folder(path, kind).files)
        else:
            yield path


def _read(path: Path | Content, kind: Kind) -> Decoded:
    if isinstance(path, Path):
        if not path.exists():
            raise DataError(f"There is no file '{path}'.", "Check the path.")
        check_plain(path, str(path))
    outcome = attempt(kind, path)
    if isinstance(outcome, UndecodableError):
        noun = with_article(kind.noun)
        name = path if isinstance(path, Path) else path.data.decode()[:SHOWN_TEXT]
        raise DataError(f"'{name}' cannot be read as {noun}: {outcome}.") from outcome
    return outcome
