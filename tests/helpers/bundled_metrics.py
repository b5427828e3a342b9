"""What an evaluation needs to be registered, without whatever else is installed."""

from __future__ import annotations

import genzoo
import genzoo_metrics
from genzoo.plugins.manager import PluginManager


def manager_with_metrics() -> PluginManager:
    """genzoo's own kinds, metrics and feature spaces alone."""
    manager = PluginManager()
    records = [*genzoo_metrics.genzoo_metrics(), *genzoo_metrics.genzoo_features()]
    manager.registry.add_all(records, "genzoo", genzoo.__version__)
    return manager
