"""Classes from the folders that files lie in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genzoo.data.notes import printable
from genzoo.data.source import Labels


def folder_labels(paths: Sequence[str], samples: str) -> Labels:
    """Label each sample by the first folder below what all `paths` have in common.

    Args:
        paths: Relative paths of the files they came from, '/' between parts; at least one.
        samples: What they are called, in the plural.
    """
    parts = [path.split("/") for path in paths]
    depth = _common_folders(parts)
    notes = [f"All {samples} are in '{printable('/'.join(parts[0][:depth]))}'."] if depth else []
    loose = sum(len(part) == depth + 1 for part in parts)
    if loose:
        if loose < len(parts):
            notes.append(f"No labels: {loose} of {len(parts)} {samples} are in no class folder.")
        return Labels(None, (), tuple(notes))
    names = [printable(part[depth]) for part in parts]
    classes = tuple(sorted(set(names)))
    numbers = {name: number for number, name in enumerate(classes)}
    return Labels(np.array([numbers[name] for name in names], np.int64), classes, tuple(notes))


def _common_folders(parts: Sequence[Sequence[str]]) -> int:
    """How many folders all paths start with, as an unpacked archive has them."""
    depth = 0
    while all(len(part) > depth + 1 and part[depth] == parts[0][depth] for part in parts):
        depth += 1
    return depth
