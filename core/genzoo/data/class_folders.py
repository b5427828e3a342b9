"""Classes from the folders that files lie in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from genzoo.data.data_notes import printable, shortened
from genzoo.interfaces.data_source import Labels
from genzoo.interfaces.name_patterns import label_in_name


def folder_labels(paths: Sequence[str], samples: str, pattern: str | None = None) -> Labels:
    """Label each sample by the first folder below what all `paths` have in common.

    Args:
        paths: Relative paths of the files they came from, '/' between parts; at least one.
        samples: What they are called, in the plural.
        pattern: Where in a path the class stands instead; see `label_in_name`.
    """
    if pattern is not None:
        return _name_labels(paths, samples, pattern)
    depth = common_folders(paths)
    around = printable(_folders(paths[0], depth))
    notes = (f"All {samples} are in '{around}'.",) if depth else ()
    loose = [number for number, path in enumerate(paths) if path.count("/") == depth]
    if len(loose) == len(paths):
        where = f"in one folder, '{around}'" if depth else "in the folder itself"
        return Labels(None, (), notes, f"all {len(paths)} {samples} are {where}")
    if loose:
        found = Labels.incomplete(
            samples, loose, len(paths), "is in no class folder", "are in no class folder"
        )
        shown = shortened([paths[number] for number in loose])
        return replace(found, notes=(*notes, *found.notes), missing=f"{found.missing} ({shown})")
    # Names are numbered as they come, as millions of them are never held at once.
    met: dict[str, int] = {}
    names = (printable(path.split("/", depth + 1)[depth]) for path in paths)
    numbers = np.fromiter((met.setdefault(name, len(met)) for name in names), np.int64)
    return numbered_labels(numbers, met, notes)


def _name_labels(paths: Sequence[str], samples: str, pattern: str) -> Labels:
    found = [label_in_name(pattern, path) for path in paths]
    without = [number for number, label in enumerate(found) if not label]
    if without:
        is_none = f"not named like '{pattern}' ({shortened([paths[each] for each in without])})"
        count = len(paths)
        return Labels.incomplete(samples, without, count, f"is {is_none}", f"are {is_none}")
    met: dict[str, int] = {}
    numbers = [met.setdefault(printable(label), len(met)) for (label,) in found]
    return numbered_labels(np.array(numbers, np.int64), met)


def numbered_labels(
    numbers: NDArray[np.int64], met: Mapping[str, int], notes: Iterable[str] = ()
) -> Labels:
    """Labels by the order of their names, from numbers in the order in which names were met.

    Args:
        numbers: Of each sample (N,).
        met: The number of each name.
        notes: Sentences worth telling the user.
    """
    classes = tuple(sorted(met))
    order = np.argsort([met[name] for name in classes])
    return Labels(order[numbers].astype(np.int64), classes, tuple(notes))


def _folders(path: str, depth: int) -> str:
    return "/".join(path.split("/")[:depth])


def common_folders(paths: Sequence[str]) -> int:
    """How many folders all paths start with, as an unpacked archive has them."""
    # What the first and the last in order share, all between them do.
    first, last = (path.split("/")[:-1] for path in (min(paths), max(paths)))
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return sum(1 for _ in shared)
