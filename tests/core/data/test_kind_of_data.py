"""Which of an architecture's kinds some data are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import points_kind
import pytest
from toys import toy_registry

from genzoo.data.kind_of_data import choose_kind
from genzoo.errors import UnknownNameError, UsageError
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry


@pytest.fixture
def registry() -> Registry:
    registry = toy_registry()
    records = [
        *points_kind.genzoo_architectures(),
        *points_kind.genzoo_kinds(),
        *points_kind.genzoo_datasets(),
    ]
    registry.add_all(records, "genzoo-points", "1")
    return registry


def chosen(registry: Registry, architecture: str, *data: object, name: str | None = None) -> str:
    entry = registry[ArchitectureSpec].find(architecture)
    return choose_kind(registry, entry, *map(str, data), name=name).full_name


def files(root: Path, *names: str) -> Path:
    root.mkdir(exist_ok=True)
    for name in names:
        (root / name).touch()
    return root


def test_an_architecture_of_one_kind_needs_no_look(registry) -> None:
    assert chosen(registry, "toy-gan", "nowhere") == "genzoo/image"
    assert chosen(registry, "point-vae") == "genzoo-points/points"


def test_a_name_and_a_data_set_go_before_the_architecture(registry) -> None:
    assert chosen(registry, "toy-gan", "circle") == "genzoo-points/points"
    assert chosen(registry, "toy-gan", "circle", name="image") == "genzoo/image"
    with pytest.raises(UnknownNameError, match="no kind named 'smells'"):
        chosen(registry, "any-vae", "nowhere", name="smells")


def test_most_files_decide(registry, tmp_path) -> None:
    folder = files(tmp_path / "a", "1.png", "2.JPG", "LICENSE.txt", ".a.txt", ".b.txt")
    assert chosen(registry, "any-vae", folder) == "genzoo/image"
    folder = files(tmp_path / "b", "1.png", "2.csv", "3.txt")
    assert chosen(registry, "any-vae", folder) == "genzoo-points/points"


def test_the_array_decides(registry, tmp_path) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros(1), labels=np.zeros(1))
    assert chosen(registry, "any-vae", tmp_path / "a.npz") == "genzoo/image"


def test_what_shows_nothing(registry, tmp_path) -> None:
    np.savez(tmp_path / "both.npz", images=np.zeros(1), points=np.zeros(1))
    (tmp_path / "torn.npz").write_bytes(b"PK")
    even = files(tmp_path / "even", "1.png", "1.csv")
    for data in ("both.npz", "torn.npz", "none", even.name, files(tmp_path / "empty").name):
        with pytest.raises(UsageError, match="do not show which") as told:
            chosen(registry, "any-vae", tmp_path / data)
        assert told.value.hint == "Add --kind image or --kind points."


def test_the_architectures_own_kind_goes_before_another_of_that_name(registry) -> None:
    registry.add_all(points_kind.genzoo_kinds(), "genzoo-dots", "1")
    assert chosen(registry, "point-vae") == "genzoo-points/points"
    assert chosen(registry, "point-vae", "x", name="genzoo-dots/points") == "genzoo-dots/points"
