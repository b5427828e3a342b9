"""What became of each installed plugin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["loaded", "blocked", "incompatible", "failed"]


@dataclass(frozen=True)
class PluginStatus:
    """One plugin and how its loading went.

    Attributes:
        distribution: Distribution that declares it, normalised, e.g. `genzoo-flow`.
        version: That distribution's version.
        name: Name of its entry point.
        state: `loaded`, `blocked` (by choice), `incompatible` (needs another genzoo) or `failed`.
        reason: Why it is not loaded; empty when it is.
        registers: What it brought, e.g. `architecture dcgan`.
        seconds: Time its import and hooks took.
    """

    distribution: str
    version: str
    name: str
    state: State
    reason: str = ""
    registers: tuple[str, ...] = ()
    seconds: float = 0.0
