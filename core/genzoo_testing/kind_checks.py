"""Kinds of content keep what they are given."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from genzoo.interfaces.kind import Kind
from genzoo.media.registered_kinds import load_kind
from genzoo.specs import SampleSpec
from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import RecordSubject
from genzoo_testing.random_inputs import random_samples
from genzoo_testing.source_location import source_of

ROWS = 3
SLACK = 1e-4


@check(
    "kind-keeps-samples",
    "Data are kept as rows and samples are written as rows: where the way there and back is not "
    "the same, models are trained on something else than what is shown.",
)
def kind_keeps_samples(subject: RecordSubject) -> str:
    """With its default options, samples become rows and samples again, a picture and files."""
    kind = load_kind(subject.entry)
    spec = kind.spec()
    x = random_samples(spec, ROWS)
    rows = kind.rows(x, spec)
    _check_rows(kind, rows)
    _check_samples(kind, rows, spec)
    picture = kind.picture(x, spec)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] not in (1, 3):
        raise ContractError(
            f"A picture is {picture.dtype} of shape {picture.shape}, not uint8 (height, width, "
            "1 or 3).",
            source_of(type(kind).picture),
        )
    for ending in kind.endings:
        if not kind.encoded(x, spec, ending):
            raise ContractError(f"A {ending} file is empty.", source_of(type(kind).encoded))
    return f"samples {spec.shape}, {', '.join(kind.endings)}"


def _check_rows(kind: Kind, rows: NDArray[np.generic]) -> None:
    if len(rows) != ROWS or not kind.layout.of(rows):
        raise ContractError(
            f"{ROWS} samples became rows of {rows.dtype} and shape {rows.shape}, where its layout "
            f"says {kind.layout.dtype} and {kind.layout.shape}.",
            source_of(type(kind).rows),
        )


def _check_samples(kind: Kind, rows: NDArray[np.generic], spec: SampleSpec) -> None:
    where = source_of(type(kind).samples)
    x = kind.samples(torch.from_numpy(rows), spec)
    if x.dtype != torch.float32 or tuple(x.shape) != (ROWS, *spec.shape):
        raise ContractError(
            f"Rows became samples of {x.dtype} and shape {tuple(x.shape[1:])}.", where
        )
    low, high = float(x.min()), float(x.max())
    if low < spec.low - SLACK or high > spec.high + SLACK:
        raise ContractError(
            f"Rows became samples from {low:.3g} to {high:.3g}, outside "
            f"[{spec.low:g}, {spec.high:g}].",
            where,
        )
    if not np.allclose(kind.rows(x, spec), rows, atol=SLACK):
        raise ContractError("Rows made into samples and back are other rows.", where)
