"""Decoding one thing, with the reason as a value where it fails."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from genzoo.errors import DataError
from genzoo.interfaces.data_source import Content, Encoded, Outcome
from genzoo.interfaces.decoded import Decoded, UndecodableError
from genzoo.interfaces.kind import Kind


@contextmanager
def quiet_decoding() -> Iterator[None]:
    """Silence the decoders' warnings: what matters is raised. Not for use inside threads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def attempt(kind: Kind, encoded: Encoded) -> Outcome:
    """The samples in a file, or why there are none."""
    if isinstance(encoded, UndecodableError):
        return encoded
    if isinstance(encoded, Content) and encoded.name == Content.ARRAY:
        return _outcome(kind, lambda: _adapted(kind, encoded.array()))
    if isinstance(encoded, Content):
        return _outcome(kind, lambda: kind.decode_bytes(encoded.data, encoded.name))
    return _outcome(kind, lambda: kind.decode(encoded))


def _adapted(kind: Kind, sample: NDArray[np.generic]) -> Decoded:
    try:
        checked = kind.check(sample[None], "it")
    except DataError as error:
        raise UndecodableError(error.message) from error
    return Decoded(checked) if kind.layout.of(checked) else kind.adapt(checked[0])


def attempt_entry(kind: Kind, sample: NDArray[np.generic]) -> Outcome:
    """One entry of an array made into a row, or why that cannot be done."""
    return _outcome(kind, lambda: kind.adapt(sample))


def _outcome(kind: Kind, decode: Callable[[], Decoded]) -> Outcome:
    try:
        decoded = decode()
        rows = decoded.rows
        if not kind.layout.of(rows):
            return UndecodableError(f"the kind {kind.name} made {rows.dtype} {rows.shape} of it")
        if len(decoded.labels) not in (0, len(rows)):
            return UndecodableError(
                f"the kind {kind.name} made {len(decoded.labels)} labels for {len(rows)} rows"
            )
        if rows.dtype.kind == "f" and not np.isfinite(rows).all():
            return UndecodableError("it has values that are not finite")
    except UndecodableError as error:
        return error
    except PermissionError:
        return UndecodableError("no permission to read it")
    except Exception as error:  # whatever a decoder meets in damaged bytes
        text = " ".join(str(error).split())
        return UndecodableError(f"{type(error).__name__}: {text}".rstrip(": "))
    return decoded if len(rows) else UndecodableError(f"no {kind.noun} in it")
