"""The forms of exported files: each is written, and run again on other numbers of rows."""

from __future__ import annotations

import json
import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genzoo import CapabilityError, UsageError
from genzoo_export.functions import Function

NOTE = "genzoo.json"


class Form(ABC):
    """A form of file. Nothing of genzoo is needed to run one."""

    needs: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise UsageError where a package is missing."""
        if missing := [name for name in self.needs if find_spec(name) is None]:
            raise UsageError(
                f"This form needs the package {missing[0]}.", "Type: pip install 'genzoo[export]'"
            )

    @abstractmethod
    def write(self, function: Function, path: Path, note: Mapping[str, Any]) -> None:
        """Write `function` to `path`, with a note of what it is.

        Raises:
            CapabilityError: It holds an operation that the form does not have.
        """

    @abstractmethod
    def run(self, path: Path, inputs: Mapping[str, Tensor]) -> Tensor:
        """What the file makes of the inputs."""


class Program(Form):
    """A `.pt2`: a program of torch's operations, for `torch.export.load`."""

    def write(self, function: Function, path: Path, note: Mapping[str, Any]) -> None:
        """As `Form.write`."""
        with _reasons(function):
            program = exported_program(function)
            with path.open("wb") as file:
                torch.export.save(program, file, extra_files={NOTE: json.dumps(note)})

    def run(self, path: Path, inputs: Mapping[str, Tensor]) -> Tensor:
        """As `Form.run`."""
        with path.open("rb") as file:
            module = torch.export.load(file).module()
        with torch.no_grad():
            made = module(*inputs.values())
        assert isinstance(made, Tensor)
        return made


class Onnx(Form):
    """An `.onnx`: for onnxruntime, in any language and in browsers."""

    needs = ("onnx", "onnxscript", "onnxruntime")

    def write(self, function: Function, path: Path, note: Mapping[str, Any]) -> None:
        """As `Form.write`."""
        with _reasons(function):
            program = torch.onnx.export(
                exported_program(function),
                input_names=list(function.inputs),
                output_names=[function.output],
                dynamo=True,
                verbose=False,
            )
            assert program is not None
            program.model.metadata_props.update(
                {
                    name: value if isinstance(value, str) else json.dumps(value)
                    for name, value in note.items()
                }
            )
            program.save(str(path), external_data=False)

    def run(self, path: Path, inputs: Mapping[str, Tensor]) -> Tensor:
        """As `Form.run`."""
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        made = session.run(None, {name: x.numpy() for name, x in inputs.items()})
        return torch.from_numpy(made[0])


FORMS: Mapping[str, Form] = {".onnx": Onnx(), ".pt2": Program()}
"""By the file's ending."""


def exported_program(function: Function) -> torch.export.ExportedProgram:
    """The operations of a function, for any number of rows, and any sides where it takes them."""
    rows = next(iter(function.inputs))
    sides = range(2, function.inputs[rows].dim()) if function.any_shape else ()
    shapes: dict[str, dict[int, Any]] = {
        name: {0: torch.export.Dim.DYNAMIC} for name in function.inputs
    }
    # AUTO, as some networks fix a side by what they compute with it.
    shapes[rows] |= dict.fromkeys(sides, torch.export.Dim.AUTO)
    with torch.no_grad():
        return torch.export.export(
            function.network, tuple(function.inputs.values()), dynamic_shapes=shapes, strict=False
        )


@contextmanager
def _reasons(function: Function) -> Iterator[None]:
    """Turn what torch raises into one sentence; keep its warnings to itself."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (OSError, CapabilityError):
        raise
    except Exception as error:
        raise CapabilityError(
            f"What the model does to {function.name} cannot be exported: {_innermost(error)}"
        ) from error
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _innermost(error: BaseException) -> str:
    """The first line of the error that caused it."""
    while error.__cause__ is not None:
        error = error.__cause__
    if "specialized it to be a constant" in str(error):
        return "its operations fix the number of rows."
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0].rstrip(".") + "."
