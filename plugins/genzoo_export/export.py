"""A model written to a file, run from it at once and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

import genzoo
from genzoo import CapabilityError, Model, UsageError, atomic_write
from genzoo_export.forms import FORMS, Form
from genzoo_export.functions import Function, find_function


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        path: The file.
        part: `decode` or `encode`.
        difference: Largest absolute difference between its results and genzoo's.
        tolerance: How large it could have been.
    """

    path: Path
    part: str
    difference: float
    tolerance: float


def form_of(path: Path) -> Form:
    """The form of file that a path's ending names.

    Raises:
        UsageError: There is none, or a package that it needs is missing.
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise UsageError(
            f"Models are not exported as '{path.suffix}'.", f"Known: {', '.join(FORMS)}."
        )
    form.check()
    return form


def export(
    model: Model, path: str | Path, *, part: str | None = None, licence: str = ""
) -> Exported:
    """Write what `model` does to a file that runs without genzoo.

    Args:
        model: Its weights are written in float32.
        path: `.onnx` for onnxruntime, `.pt2` for `torch.export.load`.
        part: `decode`, latents to samples, or `encode`, samples to latents; by default `decode`.
        licence: Of the weights; it is noted in the file.

    Raises:
        CapabilityError: The model has no such part, holds an operation that the form does not
            have, or the file's results are not those of genzoo.
        StorageError: The file cannot be written.
        UsageError: The form or the part is not known, or a package is missing.
    """
    place = Path(path).expanduser()
    form = form_of(place)
    function = find_function(model, part)
    with atomic_write(place) as temporary:
        form.write(function, temporary, _note(model, function, licence))
        difference = _difference(form, temporary, function)
    return Exported(place, function.name, difference, function.tolerance)


def _difference(form: Form, path: Path, function: Function) -> float:
    """Of all rows together and of the first alone, whichever is larger.

    Raises:
        CapabilityError: It is too large.
    """
    found = 0.0
    for count in (len(function.expected), 1):
        made = form.run(path, {name: x[:count] for name, x in function.inputs.items()})
        found = max(found, _largest(made, function.expected[:count]))
    if not found <= function.tolerance:
        raise CapabilityError(
            f"The file's {function.output} differ from genzoo's by {found:.2g}, where "
            f"{function.tolerance:.2g} is allowed, so it was not kept."
        )
    return found


def _largest(made: Tensor, expected: Tensor) -> float:
    if made.shape != expected.shape:
        return float("inf")
    return float((made.double() - expected.double().cpu()).abs().max())


def _note(model: Model, function: Function, licence: str) -> Mapping[str, Any]:
    """What somebody who has only the file wants to know."""
    return {
        "model": model.name,
        "architecture": model.architecture_name,
        "function": function.name,
        "samples": model.sample_spec.model_dump(mode="json"),
        "latents": model.latent_spec.model_dump(mode="json"),
        "classes": list(model.sample_spec.classes),
        "licence": licence,
        "genzoo": genzoo.__version__,
    }
