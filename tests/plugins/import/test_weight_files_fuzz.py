"""Whatever is done to the bytes of a pickle, reading it gives tensors or an ArtifactError."""

from contextlib import suppress

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genzoo import ArtifactError
from genzoo_import.weight_files import read_source

quiet = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_bytes_replaced(save, tmp_path, zipped):
    content = {"epoch": 3, "net": {"0.weight": torch.ones(4, 3), "0.bias": torch.zeros(4)}}
    whole = save(content, _use_new_zipfile_serialization=zipped).read_bytes()
    path = tmp_path / "changed.pth"

    @quiet
    @given(
        st.lists(
            st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), min_size=1, max_size=4
        )
    )
    def check(edits):
        changed = bytearray(whole)
        for place, value in edits:
            changed[place] = value
        path.write_bytes(changed)
        with suppress(ArtifactError):
            tensors = read_source(path).tensors
            assert sum(tensor.numel() * 4 for tensor in tensors.values()) <= 2 * len(whole)

    check()
