"""Where genzoo keeps things. Imports nothing heavy."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_root() -> Path:
    """Where genzoo keeps what it can make again: $GENZOO_CACHE or the system's place for it."""
    if own := os.environ.get("GENZOO_CACHE"):
        return Path(own).expanduser()
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "genzoo"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "genzoo" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "genzoo"
    return Path.home() / ".cache" / "genzoo"
