"""Names to records: what the loaded plugins brought, and from which distribution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, TypeVar

from genzoo.errors import AmbiguousNameError, PluginError, unknown_name
from genzoo.events import Listener
from genzoo.plugin_safety.plugin_errors import importing
from genzoo.records import RECORDS, ArchitectureSpec, ObjectiveSpec, Record

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Entry(Generic[R]):
    """A record with the distribution that registered it."""

    record: R
    distribution: str
    version: str

    @property
    def full_name(self) -> str:
        """`distribution/name`, unique at all times."""
        return f"{self.distribution}/{self.record.name}"


class Catalogue(Mapping[str, Entry[R]]):
    """Entries of one kind by full name; `find` also takes the short name while it is unique."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._entries: dict[str, Entry[R]] = {}

    def __getitem__(self, full_name: str) -> Entry[R]:
        return self._entries[full_name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, name: str, near: str = "") -> Entry[R]:
        """The entry of a short or full name.

        Args:
            name: Which.
            near: A distribution whose own entry is meant where several have that short name.

        Raises:
            AmbiguousNameError: Two distributions registered that short name.
            UnknownNameError: None did; carries suggestions.
        """
        for full_name in (f"{near}/{name}", name):
            if full_name in self._entries:
                return self._entries[full_name]
        matches = [entry for entry in self._entries.values() if entry.record.name == name]
        if len(matches) == 1:
            return matches[0]
        if matches:
            full = " or ".join(entry.full_name for entry in matches)
            raise AmbiguousNameError(
                f"More than one {self.what} is named '{name}'.", f"Say {full}."
            )
        raise unknown_name(self.what, name, self.names())

    def names(self) -> list[str]:
        """Short names where they are unique, full names otherwise, sorted."""
        short = [entry.record.name for entry in self._entries.values()]
        return sorted(
            entry.record.name if short.count(entry.record.name) == 1 else entry.full_name
            for entry in self._entries.values()
        )

    def clash(self, entry: Entry[R]) -> Entry[R] | None:
        """The entry of the same distribution and name, if there is one."""
        return self._entries.get(entry.full_name)

    def add(self, entry: Entry[R]) -> None:
        """Add one entry. The caller has checked `clash`."""
        self._entries[entry.full_name] = entry


class Registry:
    """Everything that the loaded plugins registered: `registry[ModelSpec]` are the models.

    Attributes:
        listeners: Who wants to hear of training runs.
        left_out: Distributions of which a plugin is not loaded, with the reason.
    """

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.left_out: dict[str, str] = {}
        self._catalogues: dict[type[Record], Catalogue[Any]] = {
            record: Catalogue(record.what) for record in RECORDS
        }

    def __getitem__(self, record: type[R]) -> Catalogue[R]:
        """All records of a kind."""
        return self._catalogues[record]

    def catalogues(self) -> list[Catalogue[Any]]:
        """All of them."""
        return list(self._catalogues.values())

    def catalogue(self, record: Record) -> Catalogue[Any]:
        """Where a record belongs.

        Raises:
            PluginError: It is of no type that plugins register.
        """
        for kind, catalogue in self._catalogues.items():
            if isinstance(record, kind):
                return catalogue
        raise PluginError(f"A plugin registered a {type(record).__name__}, which is not a record.")

    def add_all(self, records: Iterable[Record], distribution: str, version: str) -> None:
        """Add all records of one distribution, or none of them.

        Raises:
            PluginError: A record is of the wrong type, or its name is taken.
        """
        entries = [
            (self.catalogue(record), Entry(record, distribution, version)) for record in records
        ]
        seen: set[tuple[str, str]] = set()
        for catalogue, entry in entries:
            key = (catalogue.what, entry.full_name)
            if key in seen or catalogue.clash(entry) is not None:
                raise PluginError(
                    f"The {catalogue.what} '{entry.record.name}' is registered twice "
                    f"by {distribution}."
                )
            seen.add(key)
        for catalogue, entry in entries:
            catalogue.add(entry)

    def objective_of(self, architecture: Entry[ArchitectureSpec]) -> Entry[ObjectiveSpec]:
        """The objective that an architecture is trained with by default.

        Raises:
            UsageError: There is none of that name, or several.
        """
        return self[ObjectiveSpec].find(
            architecture.record.objective, near=architecture.distribution
        )

    def is_own_objective(
        self, architecture: Entry[ArchitectureSpec], objective: Entry[ObjectiveSpec]
    ) -> bool:
        """Whether an architecture is trained with that objective by default."""
        names = (objective.record.name, objective.full_name)
        wanted = architecture.record.objective
        return wanted in names and self.objective_of(architecture) == objective


def load_target(target: str) -> Any:
    """Import the attribute that `package.module:attribute` names.

    Raises:
        PluginError: The module does not import or lacks the attribute.
    """
    module, _, attribute = target.partition(":")
    try:
        with importing(f"'{target}' could not be loaded"):
            value: Any = import_module(module)
            for part in attribute.split("."):
                value = getattr(value, part)
    except PluginError as error:
        hint = "Type 'genzoo plugins list' to see where it comes from."
        raise PluginError(f"{error.message}.", hint) from error.__cause__
    return value
