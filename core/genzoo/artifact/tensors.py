"""Tensors in safetensors files, and their way back into modules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from genzoo.errors import ArtifactError, PluginError

ALIASES = "aliases"
"""Metadata key: names of tied tensors, each with the name its values are stored under."""

_POINTER = b"version https://git-lfs.github.com/spec/"
_NAMED = 5
_WIDENED = {torch.float16, torch.bfloat16}


def save_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors to a safetensors file. Tied ones, of one storage and layout, are written once.

    Call it inside `atomic_write` or `atomic_folder`: they put a failure to write into words.

    Raises:
        ArtifactError: A value is not finite.
        PluginError: Something is not a tensor, or has no values.
        OSError, SafetensorError: The file cannot be written.
    """
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor) or tensor.is_meta:
            raise PluginError(f"'{name}' cannot be saved: it is not a tensor with values.")
    refuse_non_finite(tensors, str(path.name))
    stored, aliases = _without_ties(tensors)
    notes = {**(metadata or {}), **({ALIASES: json.dumps(aliases)} if aliases else {})}
    path.touch()
    mode = path.stat().st_mode
    save_file(stored, path, metadata=notes)
    _sort_metadata(path)
    # safetensors replaces the file by one that only its owner may read.
    path.chmod(mode)


def _sort_metadata(path: Path) -> None:
    """Put the notes in order, which safetensors writes in any: equal content is equal bytes."""
    with path.open("r+b") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        if len(header.get("__metadata__", {})) < 2:
            return
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        if len(text) > length:
            raise ValueError(f"'{path.name}' has a header that cannot be put in order")
        file.seek(8)
        file.write(text.ljust(length))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors by name, memory-mapped from `path`, and the file's metadata.

    Nothing is read until it is used; writing to a tensor does not change the file.

    Raises:
        ArtifactError: The file is missing, cut short or no safetensors file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise ArtifactError(f"'{path}' is missing.", "Get the model again.") from None
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        _refuse_pointer(path)
        raise ArtifactError(f"'{path}' is damaged: {error}.", "Get the model again.") from error
    return _with_ties(tensors, metadata, path), metadata


def fill(module: nn.Module, tensors: Mapping[str, Tensor], source: Path) -> None:
    """Give `module` these tensors as its state, without copying; half precision is widened.

    Every name and shape must match. Parameters that are one and the same stay so.

    Raises:
        ArtifactError: Lists what is missing, unexpected or of another shape or type.
    """
    expected = module.state_dict()
    differences = describe_differences(expected, tensors)
    if differences:
        raise ArtifactError(f"'{source}' does not fit {_title(module)}: {differences}.")
    tied = _tied_parameters(module)
    state = {name: tensors[name].to(expected[name].dtype) for name in expected}
    try:
        module.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        raise ArtifactError(f"'{source}' does not fit {_title(module)}: {error}.") from error
    for names in tied:
        _tie(module, names, source)


def describe_differences(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str:
    """What of `found` is not as `expected`, in words; empty if nothing."""
    both = [name for name in expected if name in found]
    shapes = [
        f"{name} {_shape(found[name])} instead of {_shape(expected[name])}"
        for name in both
        if found[name].shape != expected[name].shape
    ]
    types = [
        f"{name} {_dtype(found[name])} instead of {_dtype(expected[name])}"
        for name in both
        if not _convertible(found[name].dtype, expected[name].dtype)
    ]
    findings = (
        ("missing", [name for name in expected if name not in found]),
        ("unexpected", [name for name in found if name not in expected]),
        ("of another shape", shapes),
        ("of another type", types),
    )
    return "; ".join(f"{len(names)} {what} ({_some(names)})" for what, names in findings if names)


def refuse_non_finite(tensors: Mapping[str, Tensor], source: str) -> None:
    """Refuse NaN and infinity.

    Raises:
        ArtifactError: Names the tensors that hold them.
    """
    bad = [name for name, tensor in tensors.items() if not is_finite(tensor)]
    if bad:
        raise ArtifactError(f"'{source}' has values that are not finite in {_some(bad)}.")


def halve(tensors: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """The tensors with those of `names` in float16 that are float32 matrices or larger.

    Vectors (biases, norms) stay as they are, and so does a tensor whose values are too large.
    """
    chosen = set(names)
    return {
        name: _halved(tensor) if name in chosen and tensor.ndim >= 2 else tensor
        for name, tensor in tensors.items()
    }


def is_finite(tensor: Tensor) -> bool:
    """Whether no value is NaN or infinite.

    By least and greatest value, which is ten times as quick as looking at each by itself.
    """
    if not tensor.is_floating_point() or not tensor.numel():
        return True
    return bool(torch.isfinite(torch.stack(torch.aminmax(tensor))).all())


def _halved(tensor: Tensor) -> Tensor:
    if tensor.dtype != torch.float32:
        return tensor
    half = tensor.half()
    return half if bool(torch.isfinite(half).all()) else tensor


def _refuse_pointer(path: Path) -> None:
    """Raise ArtifactError where a Git checkout holds but a pointer to the file."""
    try:
        with path.open("rb") as file:
            begins = file.read(len(_POINTER))
    except OSError:
        return
    if begins == _POINTER:
        raise ArtifactError(
            f"'{path}' is a Git LFS pointer, not the file itself.", "Type there: git lfs pull"
        )


def _without_ties(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What to store, and the other names of what is stored."""
    stored: dict[str, Tensor] = {}
    aliases: dict[str, str] = {}
    first_of: dict[tuple[object, ...], str] = {}
    for name, tensor in tensors.items():
        layout = (tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
        first = first_of.setdefault(layout, name) if tensor.numel() else name
        if first != name:
            aliases[name] = first
        else:
            stored[name] = tensor
    storages: set[int] = set()
    for name, tensor in stored.items():
        pointer = tensor.untyped_storage().data_ptr()
        stored[name] = _dense(tensor, alone=pointer not in storages)
        storages.add(pointer)
    return stored, aliases


def _dense(tensor: Tensor, alone: bool) -> Tensor:
    plain = tensor.detach().cpu().contiguous()
    return plain if alone else plain.clone()


def _with_ties(
    tensors: dict[str, Tensor], metadata: Mapping[str, str], path: Path
) -> dict[str, Tensor]:
    if ALIASES not in metadata:
        return tensors
    try:
        aliases = dict(json.loads(metadata[ALIASES]))
        return {**{alias: tensors[name] for alias, name in aliases.items()}, **tensors}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ArtifactError(f"'{path}' is damaged: its tied tensors do not fit.") from None


def _tied_parameters(module: nn.Module) -> list[list[str]]:
    names: dict[int, list[str]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return [group for group in names.values() if len(group) > 1]


def _tie(module: nn.Module, names: list[str], source: Path) -> None:
    shared = module.get_parameter(names[0])
    for name in names[1:]:
        if not torch.equal(module.get_parameter(name), shared):
            raise ArtifactError(
                f"'{source}' does not fit {_title(module)}: {names[0]} and {name} are one "
                "parameter there, and differ here."
            )
        owner, _, attribute = name.rpartition(".")
        setattr(module.get_submodule(owner), attribute, shared)


def _convertible(found: torch.dtype, expected: torch.dtype) -> bool:
    return found == expected or (found in _WIDENED and expected == torch.float32)


def _title(module: nn.Module) -> str:
    return str(getattr(module, "name", type(module).__name__))


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
