"""Models of the Hub on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from genzoo.errors import UnknownNameError
from genzoo.hub.cache import (
    commit_folder,
    find_cached,
    list_cached,
    record_revision,
    remove_cached,
    repository_folder,
)
from genzoo.hub.reference import parse_reference

ONE, TWO = "1" * 40, "2" * 40
TOY = parse_reference("someone/toy")


@pytest.fixture(autouse=True)
def _two_revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`v1` at the first commit, `main` at the second, and an unfinished pull."""
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path))
    for revision, commit in (("v1", ONE), ("main", TWO)):
        folder = commit_folder(TOY, commit)
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        record_revision(TOY.at(revision), commit)
    (repository_folder(TOY) / f".{'3' * 40}.part").mkdir()


def names() -> list[str]:
    return [model.name for model in list_cached()]


def test_what_is_there() -> None:
    assert names() == ["someone/toy", "someone/toy@v1"]
    assert find_cached(TOY) == commit_folder(TOY, TWO)
    assert find_cached(TOY.at("v1")) == find_cached(TOY.at(ONE)) == commit_folder(TOY, ONE)
    assert find_cached(TOY.at("v2")) is None
    assert find_cached(TOY.at("3" * 40)) is None


def test_what_is_no_whole_artifact_is_not_listed() -> None:
    (commit_folder(TOY, TWO) / "config.json").unlink()
    assert names() == ["someone/toy@v1"]
    assert find_cached(TOY) is None


def test_a_commit_without_a_name() -> None:
    record_revision(TOY.at("v1"), TWO)
    assert names() == ["someone/toy", f"someone/toy@{ONE}"]


def test_one_revision_is_removed() -> None:
    assert remove_cached(TOY.at("v1"), every=False) == [commit_folder(TOY, ONE)]
    assert names() == ["someone/toy"]
    assert find_cached(TOY.at("v1")) is None
    remove_cached(TOY, every=False)
    assert not repository_folder(TOY).exists()


def test_the_names_of_a_removed_revision_are_forgotten() -> None:
    record_revision(TOY.at("latest"), ONE)
    remove_cached(TOY.at("v1"), every=False)
    # It comes back by its commit alone: where its tags are now, nobody has asked.
    folder = commit_folder(TOY, ONE)
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    assert names() == ["someone/toy", f"someone/toy@{ONE}"]
    assert find_cached(TOY.at("v1")) is find_cached(TOY.at("latest")) is None
    assert find_cached(TOY) == commit_folder(TOY, TWO)


def test_all_revisions_are_removed() -> None:
    assert len(remove_cached(TOY, every=True)) == 2
    assert not repository_folder(TOY).exists()
    with pytest.raises(UnknownNameError, match="'someone/toy' is not on this machine"):
        remove_cached(TOY, every=True)


def test_a_damaged_record_means_nothing() -> None:
    (repository_folder(TOY) / "refs" / "main").write_text("../../..")
    assert find_cached(TOY) is None


def test_strange_folders_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "models" / "stray").mkdir()
    (tmp_path / "models" / "file").touch()
    assert len(names()) == 2


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, genzoo.hub.cache\n"
        "heavy = {'huggingface_hub', 'pydantic', 'numpy', 'torch'}\n"
        "assert not heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
