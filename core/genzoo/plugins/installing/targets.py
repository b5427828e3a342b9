"""What users type to name a package: a name, a path, a repository."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from genzoo.errors import UsageError, unknown_name
from genzoo.plugins.discovery import normalise
from genzoo.plugins.installing.inventory import plugin_distributions

_EXTRAS = re.compile(r"\[[\w\s,.-]*\]$")
_GIT_ADDRESS = re.compile(r"^(?:ssh://|git://|https?://[^#]*\.git(?:@|#|$))")
_GIT_SHORT = re.compile(r"^(?P<user>[\w.-]+@[\w.-]+):(?P<path>[^/].*)$")
_ARCHIVES = (".whl", ".zip", ".tar.gz")
_PROJECT_FILES = ("pyproject.toml", "setup.py")
_FORMS = "Give a name such as genzoo-flow or 'genzoo-flow>=1', a path such as ./flow, or git+URL."


def as_requirement(word: str) -> str:
    """What pip and uv take for `word`.

    Raises:
        UsageError: It is none of these, or a path that holds no package.
    """
    short = _GIT_SHORT.match(word)
    if short:
        return f"git+ssh://{short['user']}/{short['path']}"
    if _GIT_ADDRESS.match(word):
        return f"git+{word}"
    if "://" in word:
        return word
    return _path(word) if _looks_like_a_path(word) else _name(word)


def as_project(folder: str) -> str:
    """The absolute path of a project to install in place, with the extras that were given.

    Raises:
        UsageError: It is no folder with a project.
    """
    path = Path(_EXTRAS.sub("", folder))
    if path.is_file():
        raise UsageError(f"'{path}' is a file.", "-e takes the folder of a project.")
    return _path(folder)


def as_plugin(word: str, installed: Collection[str]) -> str:
    """The normalised name of the installed plugin distribution that `word` names.

    Args:
        word: What the user typed.
        installed: Normalised names of all installed distributions.

    Raises:
        UsageError: It is genzoo itself, no plugin, or not installed.
    """
    name, plugins = normalise(word), plugin_distributions()
    if name in plugins:
        return name
    if name == "genzoo":
        raise UsageError(
            "genzoo itself is not removed here.", "To remove it: python -m pip uninstall genzoo"
        )
    if name in installed:
        raise UsageError(
            f"{name} is installed but is no plugin.",
            f"To remove it: python -m pip uninstall {name}",
        )
    raise unknown_name("installed plugin", word, plugins)


def _looks_like_a_path(word: str) -> bool:
    return os.sep in word.partition(";")[0] or word.startswith(".") or word.endswith(_ARCHIVES)


def _path(word: str) -> str:
    extras = _EXTRAS.search(word)
    path = Path(_EXTRAS.sub("", word)).expanduser()
    if not path.exists():
        raise UsageError(f"There is no file or folder '{word}'.", _FORMS)
    if path.is_dir() and not any((path / name).exists() for name in _PROJECT_FILES):
        raise UsageError(
            f"The folder '{path}' holds no package: it has no pyproject.toml.",
            "Give the folder of a project. To begin one: genzoo plugins new NAME",
        )
    return f"{path.resolve()}{extras.group() if extras else ''}"


def _name(word: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(word)
    except InvalidRequirement:
        raise UsageError(f"'{word}' names no package.", _FORMS) from None
    if normalise(requirement.name) == "genzoo":
        raise UsageError(
            "genzoo itself is no plugin of genzoo.",
            "To upgrade it: python -m pip install --upgrade genzoo",
        )
    return word
