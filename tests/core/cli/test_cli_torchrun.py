"""Commands that torchrun starts in several processes give what one process gives."""

import sys
from pathlib import Path

import numpy as np
import pytest
from process_groups import end_processes, run_processes

SCRIPT = Path(__file__).with_name("torchrun_calls.py")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    images = np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3), np.uint8)
    path = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(path, images=images)
    return path


@pytest.fixture(scope="module")
def made(data, tmp_path_factory):
    """Folders of what one process and two made, and what each of the two printed."""
    places, printed = [], []
    for size in (1, 2):
        place = tmp_path_factory.mktemp("out")
        environment = {"GENZOO_CACHE": str(place / "cache")}
        printed = run_processes([SCRIPT, place, data], size, environment)
        places.append(place)
    return places, printed


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def test_samples_are_the_same_files(made):
    (alone, together), _ = made
    assert len(files(alone / "folder")) == 21
    assert files(alone / "folder") == files(together / "folder")
    for name in ("all.npz", "grid.png"):
        assert (alone / name).read_bytes() == (together / name).read_bytes(), name


def test_an_archive_that_grew_is_a_plain_one(made):
    (alone, _), _ = made
    with np.load(alone / "all.npz", allow_pickle=False) as archive:
        assert (archive["images"].shape, archive["images"].dtype) == ((21, 64, 64, 3), np.uint8)


def test_evaluations_are_the_same(made):
    (alone, together), _ = made
    for name in ("record.json", "page.png"):
        assert (alone / name).read_bytes() == (together / name).read_bytes(), name
    assert files(alone / "cache" / "features") == files(together / "cache" / "features")


def test_one_process_speaks_for_all(made):
    _, (first, second) = made
    assert first.count("holds") >= 4
    assert second == ""


def test_a_process_that_cannot_write_ends_the_others(data, tmp_path):
    (tmp_path / "taken").write_text("a file")
    command = ["-m", "genzoo", "sample", "peeps-gan", "-n", "4", "-o", tmp_path / "taken" / "a.npz"]
    ended = end_processes(command)
    assert [code for code, _, _ in ended] == [1, 1]
    assert "cannot be written" in ended[0][2]
    assert "Another process of this program has ended" in ended[1][2]
    assert not any("Traceback" in err for _, _, err in ended), sys.version
