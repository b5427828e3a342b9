"""What was pulled and then altered is noticed by whatever uses it, and mended by a pull."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hub_server import HubServer
from published import NAME, publish

from genzoo.errors import ArtifactError
from genzoo.hub.lock_file import Lock as LockFile
from genzoo.hub.lock_file import LockedModel, lock_models, pull_locked, read_lock, write_lock
from genzoo.hub.pull import fetch, plan_pull, pull
from genzoo.hub.pull_record import PULLED
from genzoo.hub.reference import parse_reference
from genzoo.hub.single_file import here

Run = Callable[..., Result]

TOY = parse_reference(NAME)


@pytest.fixture
def pulled(hub: HubServer, artifact: Path) -> Path:
    publish(hub, artifact)
    return pull(plan_pull(TOY))


def alter(path: Path) -> bytes:
    """Change a letter of a file, its size and times kept; what it was."""
    whole, facts = path.read_bytes(), path.stat()
    place = whole.rindex(b'"') - 1 if path.suffix == ".json" else len(whole) // 2
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    return whole


@pytest.mark.parametrize("name", ["config.json", "README.md"])
def test_every_command_notices_what_the_model_does_not_list(
    name: str, pulled: Path, run: Run
) -> None:
    alter(pulled / name)
    for words in (
        ["sample", NAME, "-n", "1"],
        ["info", NAME],
        ["verify", NAME],
        ["lock", NAME],
        ["pull", NAME, "--offline"],
    ):
        result = run(*words, code=1)
        assert f"{name}' was altered" in result.stderr, words
        assert f"Pull it again: genzoo pull {NAME}\n" in result.stderr


@pytest.mark.parametrize("name", ["config.json", "README.md", "model.safetensors"])
def test_a_pull_mends_it(name: str, pulled: Path, run: Run) -> None:
    whole = alter(pulled / name)
    result = run("pull", NAME)
    assert "Nothing to download" not in result.stderr
    assert (pulled / name).read_bytes() == whole
    run("sample", NAME, "-n", "1")


def test_what_is_missing_is_noticed_too(pulled: Path, run: Run) -> None:
    (pulled / "README.md").unlink()
    assert "README.md' is missing" in run("sample", NAME, code=1).stderr


@pytest.mark.parametrize("content", [b"", b"{", b'{"files": 5}', b"[" * 10_000])
def test_a_damaged_record_of_the_pull_is_itself_noticed(content: bytes, pulled: Path) -> None:
    (pulled / PULLED).write_bytes(content)
    with pytest.raises(ArtifactError, match="was altered"):
        fetch(TOY)
    assert fetch(TOY.at(pull(plan_pull(TOY)).name)) == pulled


def test_a_model_that_an_earlier_genzoo_pulled_is_used(pulled: Path) -> None:
    (pulled / PULLED).unlink()
    assert fetch(TOY) == pulled


def test_weights_of_other_software_are_compared_with_what_was_pulled(hub: HubServer) -> None:
    repository = hub.add(NAME)
    repository.put("config.json", b'{"_class_name": "AutoencoderX"}')
    repository.put("x.safetensors", b"weights of others")
    folder = fetch(TOY, weights_of=lambda place: ("x.safetensors",))
    alter(folder / "x.safetensors")
    with pytest.raises(ArtifactError, match=r"x\.safetensors' was altered"):
        fetch(TOY, weights_of=lambda place: ("x.safetensors",))


@pytest.mark.parametrize("name", ["small.json", "large.pth"])
def test_a_single_file_is_fetched_again(name: str, hub: HubServer) -> None:
    hub.add("someone/weights").put(name, b'{"content": "of it"}')
    path = here(f"hf://someone/weights/{name}")
    whole = alter(path)
    assert here(f"hf://someone/weights/{name}").read_bytes() == whole


def locked(pulled: Path) -> LockFile:
    lock = lock_models(LockFile(), [TOY])
    assert PULLED not in lock.models[NAME].files
    assert {"config.json", "README.md", "model.safetensors"} <= lock.models[NAME].files.keys()
    return lock


@pytest.mark.parametrize("name", ["config.json", "README.md", "model.safetensors"])
def test_a_locked_model_that_was_altered_is_refused(name: str, pulled: Path) -> None:
    lock = locked(pulled)
    alter(pulled / name)
    with pytest.raises(ArtifactError, match="was altered"):
        pull_locked(lock, NAME)


def test_a_lock_means_its_commit_and_none_other(
    pulled: Path, hub: HubServer, tmp_path: Path
) -> None:
    lock = locked(pulled)
    repository = hub.repositories[NAME]
    first = repository.refs["main"]
    repository.put("README.md", b"# Another")
    newer = pull(plan_pull(TOY))
    assert newer.name != first
    assert pull_locked(lock, NAME).name == first
    assert fetch(TOY).name == first
    write_lock(tmp_path / "genzoo.lock", lock)
    assert read_lock(tmp_path / "genzoo.lock") == lock
    # The same name with the files of one commit and the id of the other.
    mixed = LockedModel(commit=newer.name, files=lock.models[NAME].files)
    with pytest.raises(ArtifactError, match=r"README\.md' .*(bytes instead|altered)"):
        pull_locked(LockFile(models={NAME: mixed}), NAME)


def test_locking_again_takes_the_commit_that_is_here_now(pulled: Path, hub: HubServer) -> None:
    lock = locked(pulled)
    hub.repositories[NAME].put("README.md", b"# Another")
    newer = pull(plan_pull(TOY))
    again = lock_models(lock, [TOY])
    assert (lock.models[NAME].commit, again.models[NAME].commit) == (pulled.name, newer.name)


def test_the_record_of_a_pull_is_not_published(pulled: Path, hub: HubServer, run: Run) -> None:
    record = json.loads((pulled / PULLED).read_text())
    assert set(record["files"]) == {"config.json", "README.md"}
    assert run("verify", NAME).stdout
