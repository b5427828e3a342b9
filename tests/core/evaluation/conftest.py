"""A registry as the command line has it, without what is installed."""

import pytest

from genzoo.plugins.manager import PluginManager


@pytest.fixture
def manager():
    return PluginManager()


@pytest.fixture
def values():
    """The numbers of a record by name."""
    return lambda record: {value.name: value.value for value in record.values}
