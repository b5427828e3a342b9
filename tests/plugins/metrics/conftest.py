"""What the tests of metrics share."""

import pytest


@pytest.fixture
def values():
    """The numbers of a record by name."""
    return lambda record: {value.name: value.value for value in record.values}
