"""`genzoo install`: short for `genzoo plugins install`."""

from __future__ import annotations

from genzoo.cli.plugins.install import command as command
