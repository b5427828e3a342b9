"""Short names for content: equal only if the decoded samples are equal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from genzoo.interfaces.kind import Kind

FORMAT = 3
"""Version of the cache's layout: a higher one leaves old entries unused."""


def array_identity(
    samples: NDArray[np.generic],
    labels: NDArray[np.int64] | None = None,
    classes: Sequence[str] = (),
) -> str:
    """Of samples, their labels and the names of their classes in order."""
    arrays = [samples] if labels is None else [samples, labels]
    parts = [part for each in arrays for part in (str(each.dtype), str(each.shape), _bytes(each))]
    return digest(["arrays", *parts, *([] if labels is None else classes)])


def _bytes(array: NDArray[np.generic]) -> str:
    return blake2b(np.ascontiguousarray(array).data, digest_size=16).hexdigest()


def fingerprint(identity: str, kind: Kind) -> str:
    """Of content decoded by `kind` with its options."""
    options = kind.config.model_dump_json(exclude_defaults=True)
    return digest([identity, str(FORMAT), *reading_identity(kind), options])


def reading_identity(kind: Kind) -> list[str]:
    """Of how `kind` takes what it reads: whose it is, its name and its version."""
    return [type(kind).__module__.partition(".")[0], kind.name, str(kind.version)]


def digest(parts: Iterable[str]) -> str:
    """128 bits over `parts` and the borders between them, as hexadecimal digits."""
    state = blake2b(digest_size=16)
    for part in parts:
        data = os.fsencode(part)
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()
