"""How the installed plugins differ from a set, and what makes them equal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from genzoo.errors import InstallError
from genzoo.plugins.installing.inventory import (
    installed_requirements,
    kept_versions,
    needed_by,
    plugin_distributions,
)
from genzoo.plugins.installing.lockfile import Pin, PluginSet, freeze
from genzoo.plugins.installing.plan import Change
from genzoo.plugins.installing.request import Request, Sources


@dataclass(frozen=True)
class Difference:
    """How what is installed differs from a set.

    Attributes:
        right: Pins that are installed as the set has them, with name and version.
        missing: Pins to be installed or changed.
    """

    right: tuple[Pin, ...]
    missing: tuple[Pin, ...]

    @property
    def names(self) -> set[str]:
        """The names of the set, as far as they are known."""
        return {pin.name for pin in (*self.right, *self.missing)} - {""}


def difference(wanted: PluginSet) -> Difference:
    """Compare a set with what is installed.

    Raises:
        InstallError: Something to be installed comes from a file or folder that is not here.
    """
    here = {pin.name: pin for pin in freeze().pins}
    by_folder = {pin.url: pin for pin in here.values() if pin.editable}
    right, missing = [], []
    for pin in wanted.pins:
        installed = by_folder.get(pin.url) if pin.editable else here.get(pin.name)
        if installed and _is_right(pin, installed):
            right.append(replace(pin, name=installed.name, version=installed.version))
        else:
            _check_present(pin)
            missing.append(pin)
    return Difference(tuple(right), tuple(missing))


def _is_right(wanted: Pin, installed: Pin) -> bool:
    if wanted.url:
        return (wanted.url, wanted.editable) == (installed.url, installed.editable)
    from packaging.requirements import Requirement

    requirement = Requirement(wanted.text)
    fits = requirement.specifier.contains(installed.version, prereleases=True)
    # Whether an extra is complete, only the resolver knows.
    return fits and not requirement.extras


def _check_present(pin: Pin) -> None:
    if pin.folder is not None and not pin.folder.exists():
        raise InstallError(
            f"{pin.name or 'A plugin'} comes from '{pin.folder}', which is not on this machine.",
            "Copy it there, or say in the file where it is now.",
        )


def request_for(found: Difference, sources: Sources) -> Request:
    """One request that installs what is missing and leaves what is right as it is."""
    kept = {pin.name: pin.version for pin in found.right if pin.url}
    named = [pin.text for pin in found.right if not pin.url]
    return Request(
        requirements=(*named, *(pin.requirement for pin in found.missing if not pin.editable)),
        editable=tuple(pin.text for pin in found.missing if pin.editable),
        keep={**kept_versions(), **kept},
        sources=sources,
    )


def surplus(wanted: Iterable[str], planned: Iterable[Change] = ()) -> list[str]:
    """Installed plugins that are not `wanted`, and that nothing of it needs.

    Args:
        wanted: Normalised names.
        planned: Changes still to come, for what they require.
    """
    requirements = installed_requirements() | {change.name: change.requires for change in planned}
    return sorted(plugin_distributions() - needed_by(wanted, requirements))
