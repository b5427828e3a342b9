"""Finds the frozen network that a loss looks at samples through. Imports no torch until then."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from genzoo.errors import PluginError, UsageError
from genzoo.plugins import manager
from genzoo.records import FeatureSpec
from genzoo.registry import Entry, Registry, load_target

if TYPE_CHECKING:
    from genzoo.interfaces.feature_network import FeatureNetwork


def feature_network(
    name: str | None = None, kind: str = "image", registry: Registry | None = None
) -> FeatureNetwork:
    """The frozen network of a feature space, on the CPU, with its weights.

    Args:
        name: The feature space; by default the preferred one of those that are installed.
        kind: What the samples are.
        registry: Where it is looked up; by default all that the loaded plugins brought.

    Raises:
        DataError: Its weights are missing or wrong.
        PluginError: It is broken.
        UnknownNameError: There is no feature space of that name.
        UsageError: It has no such network, takes other kinds, or needs a package that is not
            installed.
    """
    from genzoo.interfaces.feature_network import FeatureNetwork

    entry = choose_network(name, kind, registry or manager.default_manager().registry)
    network = load_target(entry.record.network)()
    if not isinstance(network, FeatureNetwork):
        raise PluginError(
            f"The network of the feature space {entry.full_name} is not a genzoo.FeatureNetwork."
        )
    network.full_name = entry.full_name
    return network


def choose_network(name: str | None, kind: str, registry: Registry) -> Entry[FeatureSpec]:
    """The feature space of that name, or the preferred one, that has a network for the kind.

    Raises:
        UnknownNameError: There is none of that name.
        UsageError: As `feature_network`.
    """
    if name is None:
        return _preferred(kind, registry)
    entry = registry[FeatureSpec].find(name)
    if not _has_network(entry.record, kind):
        known = [other.record.name for other in _with_network(kind, registry)]
        raise UsageError(
            f"The feature space {name} has no network that losses could look at {kind} through.",
            f"Choose one of {', '.join(known)}." if known else "No plugin brings one.",
        )
    require_modules(entry)
    return entry


def _preferred(kind: str, registry: Registry) -> Entry[FeatureSpec]:
    known = [entry for entry in _with_network(kind, registry) if entry.record.preferred]
    if not known:
        raise UsageError(f"No plugin brings a feature network for {kind}.")
    there = [entry for entry in known if not missing_modules(entry.record.requires)]
    if not there:
        require_modules(known[0])
    return there[0]


def _with_network(kind: str, registry: Registry) -> list[Entry[FeatureSpec]]:
    """All of them for the kind, the preferred one first."""
    found = [entry for entry in registry[FeatureSpec].values() if _has_network(entry.record, kind)]
    return sorted(found, key=lambda entry: (-entry.record.preferred, entry.full_name))


def _has_network(record: FeatureSpec, kind: str) -> bool:
    return bool(record.network) and (not record.kinds or kind in record.kinds)


def missing_modules(names: Sequence[str]) -> list[str]:
    """Those of the modules that are not installed."""
    return [name for name in names if find_spec(name) is None]


def require_modules(entry: Entry[FeatureSpec], otherwise: str = "") -> None:
    """Refuse a feature space whose packages are not installed.

    Args:
        entry: The feature space.
        otherwise: What would do instead of installing them, to follow 'or'.

    Raises:
        UsageError: Says what to install.
    """
    missing = missing_modules(entry.record.requires)
    if not missing:
        return
    install = f"Type {entry.record.install}" if entry.record.install else "Install it"
    raise UsageError(
        f"The feature space {entry.record.name} needs {', '.join(missing)}, "
        f"which is not installed.",
        f"{install}, or {otherwise}." if otherwise else f"{install}.",
    )
