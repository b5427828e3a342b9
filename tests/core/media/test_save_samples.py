"""Archives that are written as their rows come."""

import numpy as np
import pytest

from genzoo.errors import StorageError
from genzoo.media.save_samples import write_archive


@pytest.mark.parametrize("dtype", ["uint8", "float32", "<U3", "bool"])
def test_it_holds_the_pieces_one_after_another(dtype, tmp_path):
    rows = np.arange(42).reshape(7, 2, 3).astype(dtype)
    write_archive(tmp_path / "a.npz", "rows", 7, (rows[first : first + 3] for first in (0, 3, 6)))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert list(archive) == ["rows"]
        assert archive["rows"].dtype == rows.dtype
        np.testing.assert_array_equal(archive["rows"], rows)


def test_the_same_rows_are_the_same_bytes_however_they_come(tmp_path):
    rows = np.random.default_rng(0).integers(0, 9, (50, 40), np.uint8)
    write_archive(tmp_path / "a.npz", "rows", 50, [rows])
    write_archive(tmp_path / "b.npz", "rows", 50, (rows[n : n + 7] for n in range(0, 50, 7)))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_pieces_that_fail_leave_nothing(tmp_path):
    def pieces():
        yield np.zeros((1, 2))
        raise StorageError("It broke.")

    with pytest.raises(StorageError, match="broke"):
        write_archive(tmp_path / "a.npz", "rows", 2, pieces())
    assert list(tmp_path.iterdir()) == []
