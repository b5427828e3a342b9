"""Whether the plugin that a model needs is there, and what to type where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from genzoo.artifact.format import Provider
from genzoo.errors import ArtifactError, PluginError
from genzoo.install_hints import install_command
from genzoo.registry import Catalogue, Entry, Registry


def installed(
    registry: Registry, catalogue: Catalogue[Any], name: str, provider: Provider | None = None
) -> Entry[Any]:
    """The entry of a full name.

    Args:
        registry: Everything that is registered.
        catalogue: The one of its catalogues to look in.
        name: `distribution/name`.
        provider: What the model says about the distribution.

    Raises:
        PluginError: It is not installed, not loaded, too old or too new; the hint is the command
            that mends it.
    """
    entry = catalogue.get(name)
    accepts = provider.accepts if provider else ""
    if entry is None:
        raise _absent(registry, catalogue.what, name, accepts)
    if not _contains(accepts, entry.version):
        raise PluginError(
            f"The model needs {entry.distribution} {accepts}; {entry.version} is installed.",
            f"Type: {install_command(entry.distribution, accepts)}",
        )
    return entry


@contextmanager
def made_by(provider: Provider, entry: Entry[Any]) -> Iterator[None]:
    """Have an error say so where the model was made by another version than is installed.

    Raises:
        ArtifactError, PluginError: The block raised one.
    """
    try:
        yield
    except (ArtifactError, PluginError) as error:
        if error.hint or provider.version == entry.version:
            raise
        raise type(error)(
            f"{error.message.rstrip('.')}; the model was made by {entry.distribution} "
            f"{provider.version}, and {entry.version} is installed.",
            f"Type: {install_command(entry.distribution, f'=={provider.version}')}",
        ) from error


def _absent(registry: Registry, what: str, name: str, accepts: str) -> PluginError:
    distribution = name.partition("/")[0]
    needed = f"The model needs the {what} '{name}'"
    if distribution in registry.left_out:
        reason = registry.left_out[distribution].rstrip(".")
        return PluginError(
            f"{needed}, and a plugin of {distribution} is not loaded: {reason}.",
            "Type: genzoo plugins doctor",
        )
    install = f"Type: {install_command(distribution, accepts)}"
    if version := _version_of(registry, distribution):
        wanted = f"; the model asks for {accepts}" if accepts else ""
        return PluginError(f"{needed}, which {distribution} {version} lacks{wanted}.", install)
    return PluginError(f"{needed}, which is not installed.", install)


def _version_of(registry: Registry, distribution: str) -> str:
    """The version of a distribution that registered anything; empty if none did."""
    return next(
        (
            entry.version
            for catalogue in registry.catalogues()
            for entry in catalogue.values()
            if entry.distribution == distribution
        ),
        "",
    )


def _contains(accepted: str, version: str) -> bool:
    try:
        return SpecifierSet(accepted).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True
