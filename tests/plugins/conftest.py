"""The bundled plugins as they are installed."""

import pytest

from genzoo.plugins.manager import PluginManager


@pytest.fixture(scope="session")
def bundled():
    manager = PluginManager.discover()
    assert {status.state for status in manager.statuses} == {"loaded"}
    return manager.registry
