"""What is trained where nobody named an architecture. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genzoo.data.kind_of_data import choose_kind_without_architecture
from genzoo.errors import UsageError
from genzoo.model.open_feature_network import choose_network
from genzoo.records import ArchitectureSpec, KindSpec, ObjectiveSpec, RecipeSpec
from genzoo.registry import Entry, Registry

if TYPE_CHECKING:
    from genzoo.data.data_argument import DataLike


@dataclass(frozen=True)
class Recipe:
    """A recipe with what it names.

    Attributes:
        entry: What was registered.
        architecture: What it trains.
        objective: How that learns.
        kind: What the data hold.
        better: A sentence on a better recipe that lacks something, or empty.
    """

    entry: Entry[RecipeSpec]
    architecture: Entry[ArchitectureSpec]
    objective: Entry[ObjectiveSpec]
    kind: Entry[KindSpec]
    better: str = ""

    def sections(self, objective: str | None = None) -> dict[str, Mapping[str, Any]]:
        """Values by section, to which others are added.

        Args:
            objective: The one that the user named: the recipe's values are for its own.
        """
        spec = self.entry.record
        own = objective in (None, self.objective.record.name, self.objective.full_name)
        return {
            "training": spec.training,
            "architecture": spec.architecture_config,
            "objective": spec.objective_config if own else {},
        }

    def told(self) -> list[str]:
        """Which recipe it is and why, in one or two sentences."""
        spec = self.entry.record
        what = f"{self.architecture.record.name} with the objective {self.objective.record.name}"
        lines = [f"Training {what}, the recipe {spec.name}: {spec.summary}."]
        return [*lines, self.better] if self.better else lines


def choose_recipe(registry: Registry, data: DataLike, kind: str | None = None) -> Recipe:
    """The preferred recipe for what the data hold.

    Args:
        registry: Where names are looked up.
        data: What to learn from.
        kind: What they hold, if the user said it.

    Raises:
        UnknownNameError: There is no such kind, or a recipe names what is not there.
        UsageError: There is no recipe for it, or none that has what it requires.
    """
    recipes = sorted(
        registry[RecipeSpec].values(), key=lambda one: (-one.record.preferred, one.full_name)
    )
    usual = [name for one in recipes for name in one.record.kinds]
    content = choose_kind_without_architecture(registry, data, kind, usual)
    known = [one for one in recipes if content.record.name in one.record.kinds]
    lacking = {one.full_name: _lacking(one.record, content.record.name, registry) for one in known}
    there = [one for one in known if not lacking[one.full_name]]
    if not there:
        raise _none(registry, content.record.name, list(lacking.values()))
    entry = there[0]
    near = entry.distribution
    architecture = registry[ArchitectureSpec].find(entry.record.architecture, near=near)
    wanted = entry.record.objective
    objective = (
        registry[ObjectiveSpec].find(wanted, near=near)
        if wanted
        else registry.objective_of(architecture)
    )
    return Recipe(entry, architecture, objective, content, _better(known[0], lacking))


def _better(best: Entry[RecipeSpec], lacking: Mapping[str, UsageError | None]) -> str:
    error = lacking[best.full_name]
    if error is None:
        return ""
    return f"The recipe {best.record.name} is better, and is left out: {error.message} {error.hint}"


def _lacking(spec: RecipeSpec, kind: str, registry: Registry) -> UsageError | None:
    """What keeps a recipe from being taken."""
    try:
        for name in spec.feature_networks:
            choose_network(name, kind, registry)
    except UsageError as error:
        return error
    return None


def _none(registry: Registry, kind: str, lacking: list[UsageError | None]) -> UsageError:
    if lacking and (error := lacking[0]) is not None:
        return UsageError(error.message, f"{error.hint} Or name an architecture.")
    models = sorted(
        entry.record.name
        for entry in registry[ArchitectureSpec].values()
        if kind in entry.record.kinds
    )
    return UsageError(
        f"There is no recipe for {kind}, so the architecture has to be named.",
        f"Type genzoo train ARCHITECTURE DATA, with one of {', '.join(models)}."
        if models
        else f"No architecture for {kind} is installed.",
    )
