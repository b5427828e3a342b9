"""A registry as the command line has it, without what is installed."""

import pytest
from bundled_metrics import manager_with_metrics


@pytest.fixture
def manager():
    return manager_with_metrics()


@pytest.fixture
def values():
    """The numbers of a record by name."""
    return lambda record: {value.name: value.value for value in record.values}
