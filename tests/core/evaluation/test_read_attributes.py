"""Labels beside classes are read from arrays of one dimension, and hostile files refused."""

from pathlib import Path

import numpy as np
import pytest

from genzoo import DataError
from genzoo.evaluation.read_attributes import read_attributes


def test_attributes_are_the_arrays_of_labels(tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    np.savez(
        path,
        images=np.zeros((3, 4, 4, 3), np.uint8),
        hat=np.array(["none", "cap", "cap"]),
        age=np.array([3, 40, 41]),
        weight=np.array([1.5, 2.5, 3.5]),
    )
    found = read_attributes(path, 3, "images")
    assert {name: labels.tolist() for name, labels in found.items()} == {
        "hat": ["none", "cap", "cap"],
        "age": ["3", "40", "41"],
    }


def test_another_number_of_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    np.savez(path, hat=np.array(["none", "cap"]))
    with pytest.raises(DataError, match="'hat' has 2 labels, and the data 3 samples"):
        read_attributes(path, 3, "images")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be read as"),
        (b"PK\x03\x04 and no more", "cannot be read as"),
        (None, "No such"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "labels.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        read_attributes(path, 3, "images")


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    np.savez(path, hat=np.array(["none", None, "cap"], dtype=object))
    with pytest.raises(DataError, match="cannot be read"):
        read_attributes(path, 3, "images")


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    np.savez(path, images=np.zeros((3, 4, 4, 3), np.uint8), weight=np.zeros(3))
    with pytest.raises(DataError, match="holds no attributes"):
        read_attributes(path, 3, "images")
