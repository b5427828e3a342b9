"""Whether what an artifact needs is installed. Imports no torch."""

from __future__ import annotations

from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from genzoo.artifact.format import Provider
from genzoo.errors import PluginError
from genzoo.registry import Catalogue, Entry


def installed(catalogue: Catalogue[Any], name: str, provider: Provider | None = None) -> Entry[Any]:
    """The entry of a full name.

    Raises:
        PluginError: It is not installed or too old; the hint is the command that mends it.
    """
    distribution = name.partition("/")[0]
    entry = catalogue.get(name)
    if entry is None:
        raise PluginError(
            f"The model needs the {catalogue.what} '{name}', which is not installed.",
            f"Type: genzoo plugins install {distribution}",
        )
    if provider is not None and not _accepts(provider.accepts, entry.version):
        raise PluginError(
            f"The model needs {distribution} {provider.accepts}; {entry.version} is installed.",
            f"Type: genzoo plugins install '{distribution}{provider.accepts}'",
        )
    return entry


def _accepts(accepted: str, version: str) -> bool:
    try:
        return SpecifierSet(accepted).contains(version, prereleases=True)
    except InvalidVersion:
        return True
