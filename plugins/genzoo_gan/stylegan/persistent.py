"""Networks in NVIDIA's pickles: records of their classes, attributes, tensors and parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from genzoo import ArtifactError, ForeignObject

MAKER = "torch_utils.persistence._reconstruct_persistent_obj"
"""What would execute the source text in a record to get a class. Nothing does, here."""

KNOWN = frozenset({
    "Generator", "MappingNetwork", "SynthesisNetwork", "SynthesisBlock", "SynthesisLayer",
    "ToRGBLayer", "SynthesisInput", "FullyConnectedLayer", "Conv2dLayer",
    "Discriminator", "DiscriminatorBlock", "DiscriminatorEpilogue", "MinibatchStdLayer",
})  # fmt: skip
MOST_PARTS = 2_000
MAX_PATH = 200


@dataclass(frozen=True)
class Network:
    """A network's record.

    Attributes:
        path: Where it is in the pickle, for errors.
        kind: Name of its class.
        attributes: Values by name.
        tensors: Parameters and buffers by name.
        parts: Networks in it by name.
    """

    path: str
    kind: str
    attributes: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    parts: Mapping[str, Network]

    def part(self, *names: str) -> Network:
        """A network inside this one.

        Raises:
            ArtifactError: There is none.
        """
        found = self
        for name in names:
            if name not in found.parts:
                raise not_understood(found.path, f"it has no part {name}")
            found = found.parts[name]
        return found

    def whole(self, name: str) -> int:
        """An attribute that is a whole number.

        Raises:
            ArtifactError: It is not.
        """
        value = self.attributes.get(name)
        if type(value) is not int:
            raise not_understood(self.path, f"its {name} is not a whole number")
        return value

    def width(self) -> int:
        """How many biases it has, which is one for each channel.

        Raises:
            ArtifactError: It has none.
        """
        if "bias" not in self.tensors:
            raise not_understood(self.path, "it has no bias")
        return self.tensors["bias"].numel()

    def state(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """All tensors, by the path to them."""
        for name, tensor in self.tensors.items():
            yield f"{prefix}{name}", tensor
        for name, part in self.parts.items():
            yield from part.state(f"{prefix}{name}.")

    def networks(self) -> Iterator[Network]:
        """This one and all inside."""
        yield self
        for part in self.parts.values():
            yield from part.networks()


def is_network(value: Any) -> bool:
    """Whether a value is a network's record."""
    return isinstance(value, ForeignObject) and value.name == MAKER


def read_network(value: Any, path: str, left: Iterator[int] | None = None) -> Network:
    """The network in a record.

    Args:
        value: The record.
        path: Where it is in the pickle, for errors.
        left: How many more networks may be in it: a record may hold another many times over.

    Raises:
        ArtifactError: It is of an unknown class or form; says which record.
    """
    left = iter(range(MOST_PARTS)) if left is None else left
    if next(left, None) is None:
        raise not_understood(path, f"it has over {MOST_PARTS:,} parts")
    meta = value.arguments[0] if is_network(value) and len(value.arguments) == 1 else None
    state = meta.get("state") if isinstance(meta, dict) else None
    if not isinstance(meta, dict) or not isinstance(state, dict):
        raise not_understood(path, "it is not a network")
    kind = meta.get("class_name")
    if not isinstance(kind, str):
        raise not_understood(path, "its class has no name")
    if kind not in KNOWN:
        raise not_understood(path, f"its class is {kind[:80]}")
    parameters, buffers, modules = (
        _group(state, name, path) for name in ("_parameters", "_buffers", "_modules")
    )
    tensors = {
        str(name): tensor
        for name, tensor in {**parameters, **buffers}.items()
        if isinstance(tensor, Tensor)
    }
    parts = {
        str(name): read_network(part, _inside(path, name), left)
        for name, part in modules.items()
        if part is not None
    }
    return Network(path, kind, state, tensors, parts)


def _inside(path: str, name: object) -> str:
    return f"{path}.{name}"[:MAX_PATH]


def _group(state: Mapping[str, Any], name: str, path: str) -> dict[Any, Any]:
    group = state.get(name)
    if not isinstance(group, dict) or len(group) > MOST_PARTS:
        raise not_understood(path, f"it has no {name}")
    return group


def not_understood(path: str, reason: str) -> ArtifactError:
    """The error for a record that is another than those that are known."""
    return ArtifactError(f"the record {path} is not understood: {reason}.")
