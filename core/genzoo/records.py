"""What plugins register: plain records that name code without importing it.

A `target` is `"package.module:attribute"`; it is imported only when the thing is used, so that
listing a hundred architectures imports neither their packages' networks nor torch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def _are_texts(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(isinstance(item, str) for item in value)


def _has_text_keys(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


_CHECKS: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a str", lambda value: isinstance(value, str)),
    "int": ("an int", lambda value: isinstance(value, int)),
    "bool": ("a bool", lambda value: isinstance(value, bool)),
    "tuple[str, ...]": ("a tuple of str", _are_texts),
    "Mapping[str, Any]": ("a mapping with str keys", _has_text_keys),
}
"""What the fields of records may hold, by their annotation: in words and as a test."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """Base of all records: a checked name and a one-line summary.

    Each class derived from it is a kind of record. The registry has a catalogue of its records,
    plugins have its hook, and it is a public name of genzoo, without another line.

    Attributes:
        what: What one is called in messages.
        hook: The hook whose plugins return them.
        since: The version of genzoo that added it.

    Raises:
        TypeError: A field holds something of another type than it is declared with, which would
            otherwise be found out in the middle of some command.
        ValueError: The name or a target is malformed.
    """

    what: ClassVar[str] = "record"
    hook: ClassVar[str]
    since: ClassVar[str]

    name: str
    summary: str = ""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if one.type in _CHECKS and not _CHECKS[one.type][1](value):
                raise TypeError(
                    f"{self.what} {self.name!r} has the {one.name} {value!r}, "
                    f"which is not {_CHECKS[one.type][0]}"
                )
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"{self.what} name {self.name!r} must be lower case letters, digits, '.', '_', '-'"
            )
        for key in ("target", "config", "matches", "network"):
            value = getattr(self, key, "")
            if value and not _TARGET.fullmatch(value):
                raise ValueError(f"{key} {value!r} of {self.name} is not 'module:attribute'")


@dataclass(frozen=True, kw_only=True)
class ArchitectureSpec(Record):
    """A recipe for networks.

    Attributes:
        family: Coarse group shown in lists, e.g. `gan`, `vae`, `flow`.
        target: A subclass of `genzoo.Architecture`.
        config: Its `genzoo.Config`; keep it in a module that does not import torch, so that
            `genzoo train NAME --help` is quick.
        parts: Names of the parts it builds.
        inference: The parts that sampling, encoding and decoding need; only these are published.
        objective: Name of the objective it is trained with by default.
        objective_defaults: Values of that objective's config to start from.
        priors: Names of the priors fitted to the posteriors after training.
        kinds: Content kinds it can model.
        latents: Whether it can be trained through an autoencoder: it takes samples of the kind
            `latent`, which have no bounds, and gives such.
        tiny: Values of its config that make it small, for `genzoo plugins check`; by default the
            whole numbers of the config are made small.
        tiny_samples: Fields of the `genzoo.SampleSpec`s that it is checked with, e.g.
            `({"kind": "points", "shape": (2,)},)`; by default the smallest of the usual shapes of
            each kind that it takes.
        sampling_note: What `genzoo sample` says, where the default prior is not a good model of the
            latents.
        paper: Where it was published.
    """

    what: ClassVar[str] = "architecture"
    hook: ClassVar[str] = "genzoo_architectures"
    since: ClassVar[str] = "0.1"

    family: str
    target: str
    config: str
    parts: tuple[str, ...]
    inference: tuple[str, ...]
    objective: str
    objective_defaults: Mapping[str, Any] = field(default_factory=dict)
    priors: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("image",)
    latents: bool = False
    tiny: Mapping[str, Any] = field(default_factory=dict)
    tiny_samples: tuple[Mapping[str, Any], ...] = ()
    sampling_note: str = ""
    paper: str = ""


@dataclass(frozen=True, kw_only=True)
class ObjectiveSpec(Record):
    """A way to learn.

    Attributes:
        target: A subclass of `genzoo.Objective`.
        config: Its `genzoo.Config`, in a module that does not import torch.
        requires: Names of the parts it trains.
        paper: Where it was published.
    """

    what: ClassVar[str] = "objective"
    hook: ClassVar[str] = "genzoo_objectives"
    since: ClassVar[str] = "0.1"

    family: str
    target: str
    config: str
    requires: tuple[str, ...]
    paper: str = ""


@dataclass(frozen=True, kw_only=True)
class RecipeSpec(Record):
    """What `genzoo train DATA` does where no architecture is named.

    Of the recipes for a kind that have what they need, the one of the highest `preferred` is
    taken. What the user says goes before what it says.

    Attributes:
        summary: Why one would take it; it is shown.
        architecture: Name of the architecture.
        objective: Name of the objective; by default the architecture's own.
        kinds: Content kinds that it is for.
        architecture_config: Values of the architecture's config.
        objective_config: Values of the objective's config.
        training: Values of `genzoo.TrainingConfig`.
        feature_networks: Feature spaces whose networks it needs; where one is not installed, the
            next recipe is taken, and that is said.
        preferred: Its rank among the recipes for a kind.
    """

    what: ClassVar[str] = "recipe"
    hook: ClassVar[str] = "genzoo_recipes"
    since: ClassVar[str] = "0.1"

    architecture: str
    objective: str = ""
    kinds: tuple[str, ...] = ("image",)
    architecture_config: Mapping[str, Any] = field(default_factory=dict)
    objective_config: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    feature_networks: tuple[str, ...] = ()
    preferred: int = 0


@dataclass(frozen=True, kw_only=True)
class PriorSpec(Record):
    """A latent distribution that can be fitted to posteriors after training.

    Attributes:
        target: A subclass of `genzoo.FittedPrior`.
        config: Its `genzoo.Config`.
    """

    what: ClassVar[str] = "prior"
    hook: ClassVar[str] = "genzoo_priors"
    since: ClassVar[str] = "0.1"

    target: str
    config: str


@dataclass(frozen=True, kw_only=True)
class DatasetSpec(Record):
    """A data set known by name.

    Attributes:
        target: A function of no arguments that returns `genzoo.RawSamples`.
        version: Changes whenever the content does: the data are then loaded anew and compared.
        licence: SPDX identifier or short text.
    """

    what: ClassVar[str] = "data set"
    hook: ClassVar[str] = "genzoo_datasets"
    since: ClassVar[str] = "0.1"

    target: str
    version: str
    kind: str = "image"
    count: int = 0
    licence: str = ""


@dataclass(frozen=True, kw_only=True)
class DataSourceSpec(Record):
    """A form in which data are given: an address, a kind of file, or a layout of a folder.

    Attributes:
        target: A function that takes a `genzoo.SourceRequest` and returns a `genzoo.DataSource`.
        prefixes: What an address of it begins with, in lower case: `("s3://",)`.
        endings: What a file of it ends with, in lower case: `(".sqlite",)`.
        matches: A function that takes what the user typed and the `genzoo.Kind`, and returns
            whether it is a folder, or a name of several files, of this form. It imports no torch.
    """

    what: ClassVar[str] = "data source"
    hook: ClassVar[str] = "genzoo_sources"
    since: ClassVar[str] = "0.1"

    target: str
    prefixes: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    matches: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        texts = (*self.prefixes, *self.endings)
        if not (texts or self.matches):
            raise ValueError(f"the data source {self.name} has no prefixes, endings or matches")
        for text in texts:
            if not text or text != text.lower():
                raise ValueError(f"{text!r} of the data source {self.name} is not lower case text")


@dataclass(frozen=True, kw_only=True)
class ModelSpec(Record):
    """A pretrained model of the zoo.

    Attributes:
        location: Folder of the artifact, or `owner/repo[@revision]` on the Hub.
        licence: SPDX identifier of the weights.
    """

    what: ClassVar[str] = "model"
    hook: ClassVar[str] = "genzoo_models"
    since: ClassVar[str] = "0.1"

    architecture: str
    location: str
    licence: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FormatSpec(Record):
    """A form in which other software keeps models: a `config.json` beside safetensors.

    Attributes:
        target: A function that takes the content of a `config.json`, a mapping, and returns a
            `genzoo.ForeignModel`, or None where the file is of another form. It must not import
            torch.
    """

    what: ClassVar[str] = "format"
    hook: ClassVar[str] = "genzoo_formats"
    since: ClassVar[str] = "0.1"

    target: str


@dataclass(frozen=True, kw_only=True)
class CheckpointFormatSpec(Record):
    """A form of other programs' checkpoints, which `genzoo import` makes models of.

    Attributes:
        target: A function that takes what the file says: plain values, tensors and
            `genzoo.ForeignObject`s. It returns a `genzoo.ForeignCheckpoint`, or None where the file
            is of another form.
    """

    what: ClassVar[str] = "checkpoint format"
    hook: ClassVar[str] = "genzoo_checkpoint_formats"
    since: ClassVar[str] = "0.1"

    target: str


@dataclass(frozen=True, kw_only=True)
class KindSpec(Record):
    """A kind of content, such as images: how samples are read, written and shown.

    Attributes:
        target: A subclass of `genzoo.Kind`.
        config: Its `genzoo.Config`: what data is made into, e.g. a size; in a module that does not
            import torch.
    """

    what: ClassVar[str] = "kind"
    hook: ClassVar[str] = "genzoo_kinds"
    since: ClassVar[str] = "0.1"

    target: str
    config: str


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Record):
    """A way to judge a model.

    Attributes:
        target: A subclass of `genzoo.Metric`.
        kinds: Content kinds it judges; empty for all.
        default: Whether it is measured where no metrics are named.
        paper: Where it was published.
    """

    what: ClassVar[str] = "metric"
    hook: ClassVar[str] = "genzoo_metrics"
    since: ClassVar[str] = "0.1"

    target: str
    kinds: tuple[str, ...] = ()
    default: bool = True
    paper: str = ""


@dataclass(frozen=True, kw_only=True)
class FeatureSpec(Record):
    """A feature space to compare samples and data in.

    Attributes:
        target: A subclass of `genzoo.FeatureExtractor`.
        kinds: Content kinds it takes; empty for all.
        requires: Modules that it needs; without them it is not offered.
        install: What to type to have them, e.g. `pip install 'genzoo-features[weights]'`.
        preferred: Of those that a kind can have, the one of the highest number is the default;
            one of 0 is never.
        network: The same network for losses, with maps and gradients: a subclass of
            `genzoo.FeatureNetwork`. Empty where there is none.
        paper: Where it was published.
    """

    what: ClassVar[str] = "feature space"
    hook: ClassVar[str] = "genzoo_features"
    since: ClassVar[str] = "0.1"

    target: str
    kinds: tuple[str, ...] = ("image",)
    requires: tuple[str, ...] = ()
    install: str = ""
    preferred: int = 0
    network: str = ""
    paper: str = ""


@dataclass(frozen=True, kw_only=True)
class TrackerSpec(Record):
    """A place where metrics and pictures go while training.

    Attributes:
        target: A subclass of `genzoo.Tracker`.
        requires: Modules that it needs; without them it is not offered.
        automatic: Used in every run unless others are asked for.
    """

    what: ClassVar[str] = "tracker"
    hook: ClassVar[str] = "genzoo_trackers"
    since: ClassVar[str] = "0.1"

    target: str
    requires: tuple[str, ...] = ()
    automatic: bool = False


@dataclass(frozen=True, kw_only=True)
class CommandSpec(Record):
    """A command of the command line: `genzoo NAME`.

    Attributes:
        target: A `click.Command`; imported when it is called.
    """

    what: ClassVar[str] = "command"
    hook: ClassVar[str] = "genzoo_commands"
    since: ClassVar[str] = "0.1"

    target: str


RECORDS: tuple[type[Record], ...] = tuple(Record.__subclasses__())
"""Every kind of record, in the order of this file."""

__all__ = [record.__name__ for record in RECORDS]
