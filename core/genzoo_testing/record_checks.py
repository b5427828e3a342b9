"""What records name exists and is what it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import genzoo
from genzoo.hub.reference import as_reference
from genzoo.interfaces.feature_network import FeatureNetwork
from genzoo.media.registered_kinds import find_kind, load_kind
from genzoo.model.open_feature_network import missing_modules
from genzoo.records import (
    ArchitectureSpec,
    DataSourceSpec,
    FeatureSpec,
    ObjectiveSpec,
    PriorSpec,
    RecipeSpec,
)
from genzoo.registry import load_target
from genzoo.specs import Config, parse_config
from genzoo.training.planned_run import check_fit
from genzoo.training.training_config import TrainingConfig
from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import ArchitectureSubject, RecordSubject
from genzoo_testing.source_location import source_of

BASES = {
    "architecture": "Architecture",
    "objective": "Objective",
    "prior": "FittedPrior",
    "kind": "Kind",
    "metric": "Metric",
    "tracker": "Tracker",
    "feature space": "FeatureExtractor",
}
"""Classes of the public API that targets derive from."""


@check("record", "A record that names what is not there fails when somebody uses it, not before.")
def record(subject: RecordSubject) -> str:
    """Its target and its config import and are of the right class."""
    found = [_OTHERS.get(subject.record.what, _derived)(subject)]
    target = getattr(subject.record, "config", "")
    if target:
        found.append(_class_of(load_target(target), Config, target))
    return " and ".join(found)


def _derived(subject: RecordSubject) -> str:
    target = str(getattr(subject.record, "target", ""))
    base = getattr(genzoo, BASES[subject.record.what], object)
    return _class_of(load_target(target), base, target)


def _class_of(found: Any, base: type, target: str) -> str:
    if not isinstance(found, type) or not issubclass(found, base):
        message = f"{target} is not a subclass of genzoo.{base.__name__}."
        raise ContractError(message, source_of(found))
    return f"{found.__name__} is one of genzoo.{base.__name__}"


def _if_installed(subject: RecordSubject) -> str:
    needed: tuple[str, ...] = getattr(subject.record, "requires", ())
    missing = missing_modules(needed)
    return f"needs {' and '.join(missing)}, not installed" if missing else _derived(subject)


def _feature_space(subject: RecordSubject) -> str:
    found = _if_installed(subject)
    spec = subject.record
    assert isinstance(spec, FeatureSpec)
    if not spec.network or missing_modules(spec.requires):
        return found
    network = load_target(spec.network)
    return f"{found} and {_class_of(network, FeatureNetwork, spec.network)}"


def _data_set(subject: RecordSubject) -> str:
    target = str(getattr(subject.record, "target", ""))
    if not callable(load_target(target)):
        raise ContractError(f"{target} is not a function that returns samples.")
    return "its function is there"


def _data_source(subject: RecordSubject) -> str:
    spec = subject.record
    assert isinstance(spec, DataSourceSpec)
    if not callable(load_target(spec.target)):
        raise ContractError(f"{spec.target} is not a function that opens data.")
    if not spec.matches:
        return "its function is there"
    matches = load_target(spec.matches)
    kind = load_kind(find_kind(subject.registry, "image", "genzoo"))
    with TemporaryDirectory() as folder:
        if matches(folder, kind):
            raise ContractError(
                f"{spec.matches} takes an empty folder for its own.", source_of(matches)
            )
    return "its functions are there, and leave other folders alone"


def _format(subject: RecordSubject) -> str:
    target = str(getattr(subject.record, "target", ""))
    reader = load_target(target)
    if not callable(reader):
        raise ContractError(f"{target} is not a function that reads a config.json.")
    if reader({}) is not None:
        raise ContractError(f"{target} takes an empty config.json for its own.", source_of(reader))
    return "its function leaves other files alone"


def _checkpoint_format(subject: RecordSubject) -> str:
    target = str(getattr(subject.record, "target", ""))
    reader = load_target(target)
    if not callable(reader):
        raise ContractError(f"{target} is not a function that reads a checkpoint.")
    others: tuple[Any, ...] = (None, {}, [], ())
    for content in others:
        if reader(content) is not None:
            raise ContractError(f"{target} takes {content!r} for its own.", source_of(reader))
    return "its function leaves other checkpoints alone"


def _command(subject: RecordSubject) -> str:
    import click

    target = str(getattr(subject.record, "target", ""))
    if not isinstance(load_target(target), click.Command):
        raise ContractError(f"{target} is not a click command.")
    return "its click command is there"


def _model(subject: RecordSubject) -> str:
    entry = subject.entry
    architecture = subject.registry[ArchitectureSpec].find(entry.record.architecture)
    location = str(entry.record.location)
    if Path(location).is_absolute():
        if not (Path(location) / "config.json").is_file():
            raise ContractError(f"There is no artifact in {location}.", location)
    elif as_reference(location) is None:
        raise ContractError(f"'{location}' is neither a folder nor owner/repo on the Hub.")
    return f"of the architecture {architecture.full_name}"


def _recipe(subject: RecordSubject) -> str:
    spec, registry, near = subject.record, subject.registry, subject.entry.distribution
    assert isinstance(spec, RecipeSpec)
    architecture = registry[ArchitectureSpec].find(spec.architecture, near=near)
    objective = (
        registry[ObjectiveSpec].find(spec.objective, near=near)
        if spec.objective
        else registry.objective_of(architecture)
    )
    for kind in spec.kinds:
        find_kind(registry, kind, near)
    for name in spec.feature_networks:
        if not registry[FeatureSpec].find(name).record.network:
            raise ContractError(f"The feature space {name} has no network.")
    check_fit(architecture.record, objective.record)
    for config, values in (
        (load_target(architecture.record.config), spec.architecture_config),
        (load_target(objective.record.config), spec.objective_config),
        (TrainingConfig, spec.training),
    ):
        parse_config(config, values, f"recipe {spec.name}")
    return f"{architecture.full_name} with {objective.full_name}"


_OTHERS: Mapping[str, Callable[[RecordSubject], str]] = {
    "tracker": _if_installed,
    "feature space": _feature_space,
    "data set": _data_set,
    "data source": _data_source,
    "format": _format,
    "checkpoint format": _checkpoint_format,
    "command": _command,
    "model": _model,
    "recipe": _recipe,
}


@check(
    "references",
    "Training looks up the parts, the objective and the priors that a record names: a wrong name "
    "stops a run that has begun.",
)
def references(subject: ArchitectureSubject) -> str:
    """Parts for inference, default objective and priors of an architecture exist and fit."""
    spec, registry = subject.entry.record, subject.registry
    strange = [part for part in spec.inference if part not in spec.parts]
    if strange or not spec.inference:
        raise ContractError(
            f"`inference` names {strange or 'nothing'}, which is not among `parts`."
        )
    objective = registry[ObjectiveSpec].find(spec.objective).record
    lacking = [part for part in objective.requires if part not in spec.parts]
    if lacking:
        raise ContractError(
            f"Its objective {spec.objective} trains {lacking}, which it does not build."
        )
    parse_config(
        load_target(objective.config), spec.objective_defaults, f"objective {spec.objective}"
    )
    for name in spec.priors:
        registry[PriorSpec].find(name)
    return f"objective {', '.join([spec.objective, *spec.priors])}"
