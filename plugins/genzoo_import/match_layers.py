"""Which tensor of a file is which of a model.

Names differ from program to program. What stays is the layers: the leaf names that torch gives
(`weight`, `bias`, `running_mean`), their shapes, and the numbers in the layers' names. A layer is
matched where those leave one choice only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Shapes = Mapping[str, tuple[int, ...]]
Signature = tuple[tuple[str, tuple[int, ...]], ...]

COUNTER = "num_batches_tracked"
"""A batch norm's count of batches: without effect on samples, and absent before torch 0.4.1."""

_NUMBER = re.compile(r"([0-9]+)")


@dataclass(frozen=True)
class Match:
    """What belongs to what.

    Attributes:
        pairs: Names in the file by names in the model.
        missing: Names in the model that nothing in the file fits.
        unused: Names in the file that fit nothing in the model.
        doubtful: Layers of the file that are alike, in no order that could be relied on.
        counters: Counters of the model that the file lacks.
    """

    pairs: dict[str, str]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    doubtful: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the file has all that the model needs."""
        return not self.missing

    @property
    def exact(self) -> bool:
        """Whether the file has all that the model needs, and nothing else."""
        return self.complete and not self.unused


def match(expected: Shapes, found: Shapes, pinned: Mapping[str, str], ordered: bool) -> Match:
    """Match tensors of a file to those of a model.

    By name where all names and shapes agree, else by layer.

    Args:
        expected: Shapes by name in the model, in the order of registration.
        found: Shapes by name in the file.
        pinned: Names in the file by names in the model that the user gave.
        ordered: Whether `found` is in the order of registration too.
    """
    pairs = {name: key for name, key in pinned.items() if expected[name] == found[key]}
    wanted = {name: shape for name, shape in expected.items() if name not in pinned}
    taken = set(pinned.values())
    offered = {key: shape for key, shape in found.items() if key not in taken}
    doubtful: tuple[str, ...] = ()
    if all(offered.get(name) == shape for name, shape in wanted.items() if not is_counter(name)):
        pairs |= {name: name for name in wanted if offered.get(name) == wanted[name]}
    else:
        by_layer, doubtful = _by_layer(wanted, offered, ordered)
        pairs |= by_layer
    used = set(pairs.values())
    absent = [name for name in expected if name not in pairs]
    return Match(
        pairs=pairs,
        missing=tuple(name for name in absent if not is_counter(name)),
        unused=tuple(key for key in found if key not in used),
        doubtful=doubtful,
        counters=tuple(name for name in absent if is_counter(name)),
    )


def natural_key(name: str) -> list[str | int]:
    """Sorts `layers.2` before `layers.10`: text and numbers in turn."""
    pieces = _NUMBER.split(name)
    return [int(piece) if place % 2 else piece for place, piece in enumerate(pieces)]


def _by_layer(
    expected: Shapes, found: Shapes, ordered: bool
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Pairs, and layers that could be matched in more than one way."""
    pairs: dict[str, str] = {}
    doubtful: list[str] = []
    offered = _alike(found)
    for signature, layers in _alike(expected).items():
        candidates = offered.get(signature, [])
        if len(candidates) != len(layers):
            continue
        if len(layers) > 1:
            candidates = candidates if ordered else sorted(candidates, key=natural_key)
            if not (_numbered(layers) and _numbered(candidates)):
                doubtful += candidates
        for layer, candidate in zip(layers, candidates, strict=True):
            pairs |= _pairs(layer, candidate, expected, found)
    return pairs, tuple(doubtful)


def _alike(shapes: Shapes) -> dict[Signature, list[str]]:
    """Layers by signature: the leaves they have and their shapes."""
    leaves: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    for name, shape in shapes.items():
        layer, _, leaf = name.rpartition(".")
        if leaf != COUNTER:
            leaves.setdefault(layer, []).append((leaf, shape))
    groups: dict[Signature, list[str]] = {}
    for layer, content in leaves.items():
        groups.setdefault(tuple(sorted(content)), []).append(layer)
    return groups


def _numbered(layers: Sequence[str]) -> bool:
    """Whether the names differ by numbers only, which rise."""
    keys = [natural_key(layer) for layer in layers]
    return all(key[::2] == keys[0][::2] for key in keys) and keys == sorted(keys)


def _pairs(layer: str, candidate: str, expected: Shapes, found: Shapes) -> dict[str, str]:
    """Names of the tensors of two layers, the counter too if both have it."""
    inside = [name for name in expected if name.rpartition(".")[0] == layer]
    both = {name: _tensor(candidate, name.rpartition(".")[2]) for name in inside}
    return {name: key for name, key in both.items() if found.get(key) == expected[name]}


def _tensor(layer: str, leaf: str) -> str:
    return f"{layer}.{leaf}" if layer else leaf


def is_counter(name: str) -> bool:
    """Whether a tensor is a batch norm's count of batches."""
    return name.rpartition(".")[2] == COUNTER
