"""Every error that genzoo raises on purpose.

A message is one sentence that says what is wrong; the hint says what to type or do next. The
command line prints both and no traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GenzooError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: One sentence: what is wrong.
        hint: What to do next; may be empty.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(GenzooError):
    """The request itself makes no sense: a wrong name, option or combination."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that nothing is registered under."""


class AmbiguousNameError(UsageError):
    """A name with more than one reading."""


class ConfigError(UsageError):
    """A configuration value that is missing, unknown or out of bounds."""


class CapabilityError(UsageError):
    """A model or architecture was asked for what its parts cannot do."""


class SpecError(GenzooError):
    """Samples or latents that break their contract: shape, range or classes."""


class DataError(GenzooError):
    """Data that cannot be read or holds nothing usable."""


class ArtifactError(GenzooError):
    """A model artifact that is damaged, incomplete, altered or of another format."""


class HubError(GenzooError):
    """The Hugging Face Hub cannot be reached, or refuses."""


class CheckpointError(GenzooError):
    """A training checkpoint that cannot be written or restored."""


class DivergenceError(GenzooError):
    """Training left the finite numbers."""


class StorageError(GenzooError):
    """A file could not be written: disk full, no permission."""


class ProcessGroupError(GenzooError):
    """Another process of a distributed program has ended or no longer answers."""


class PluginError(GenzooError):
    """A plugin that broke its side of the contract."""


class InstallError(GenzooError):
    """Packages that cannot be installed or removed."""


def unknown_name(what: str, name: str, known: Iterable[str], hint: str = "") -> UnknownNameError:
    """Build the error for a misspelt or absent `name`, with the nearest known ones."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        suggestion = f"Did you mean {' or '.join(close)}?"
    elif names:
        suggestion = f"Known: {', '.join(names)}."
    else:
        suggestion = "None is registered."
    return UnknownNameError(f"There is no {what} named '{name}'.", f"{suggestion} {hint}".strip())


def with_article(noun: str) -> str:
    """A noun as one of many: `an image`, `a point`."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
