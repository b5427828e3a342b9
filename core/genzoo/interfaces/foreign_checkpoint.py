"""What a checkpoint of another program says. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(eq=False)
class ForeignObject:
    """An object of a class that a checkpoint names: what it would be made of.

    Nothing of it was executed or imported.

    Attributes:
        name: The class, or the function that would make it, with its module.
        arguments: What that would be called with.
        state: What would become its attributes, mostly a dictionary; None where it has none.
        entries: What would be put into it, as into a dictionary.
        elements: What would be appended to it, as to a list.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    state: Any = None
    entries: dict[Any, Any] = field(default_factory=dict)
    elements: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class ForeignCheckpoint:
    """What a checkpoint is of, in genzoo's terms.

    Attributes:
        architecture: Name of the registered architecture.
        config: Values of that architecture's config; they are checked against its bounds.
        sample: Fields of the `genzoo.SampleSpec` to build it for.
        weights: Tensors by `PART.NAME` of the built model, exactly those that it has.
        train: What training on needs beside them: states of networks by `part.NAME`.
        notes: What the card is to say of the file, by title.
    """

    architecture: str
    config: Mapping[str, Any]
    sample: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    train: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
