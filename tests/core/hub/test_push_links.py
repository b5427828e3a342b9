"""Nothing outside the folder of a model is published with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hub_server import HubServer
from published import NAME

Run = Callable[..., Result]

FILES = ["README.md", "config.json", "model.safetensors", "test/golden.safetensors"]


@pytest.mark.parametrize("name", [*FILES, "evaluation.json", "evaluation-x.json"])
def test_a_link_is_not_followed(
    name: str, run: Run, hub: HubServer, token: str, artifact: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    if (artifact / name).exists():
        (artifact / name).rename(outside)
    else:
        outside.write_text("private")
    (artifact / name).symlink_to(outside)
    assert "is a link, which is not followed" in run("push", artifact, NAME, code=1).stderr
    assert hub.requests == []


def test_a_link_to_a_folder_is_not_followed_either(
    run: Run, hub: HubServer, token: str, artifact: Path, tmp_path: Path
) -> None:
    shutil.move(artifact / "test", tmp_path / "outside")
    (artifact / "test").symlink_to(tmp_path / "outside", target_is_directory=True)
    assert "test' is a link" in run("push", artifact, NAME, code=1).stderr
    assert hub.requests == []


@pytest.mark.parametrize("name", FILES)
def test_a_pipe_is_not_waited_for(
    name: str, run: Run, hub: HubServer, token: str, artifact: Path
) -> None:
    (artifact / name).unlink()
    os.mkfifo(artifact / name)
    for words in (["push", artifact, NAME], ["verify", artifact], ["sample", artifact, "-n", "1"]):
        if words[0] == "push" or (words[0] == "verify" and name != "README.md"):
            assert "Error" in run(*words, code=1).stderr
    assert hub.requests == []


def test_an_empty_file_of_the_list_that_is_a_pipe_is_not_waited_for(
    run: Run, hub: HubServer, token: str, artifact: Path
) -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    text = (artifact / "config.json").read_text()
    listed = f'"files": {{"notes.txt": {{"sha256": "{empty}", "size": 0}}, '
    (artifact / "config.json").write_text(text.replace('"files": {', listed))
    os.mkfifo(artifact / "notes.txt")
    assert "is not a file" in run("push", artifact, NAME, code=1).stderr
    assert "is not a file" in run("verify", artifact, code=1).stdout


def test_a_model_that_the_user_reaches_by_a_link_is_published(
    run: Run, hub: HubServer, token: str, artifact: Path
) -> None:
    Path("here").symlink_to(artifact, target_is_directory=True)
    run("push", "here", NAME)
    assert set(FILES) <= set(hub.repositories[NAME].find("main").files)  # type: ignore[union-attr]


def test_a_card_without_end_is_refused(
    run: Run, hub: HubServer, token: str, artifact: Path
) -> None:
    with (artifact / "README.md").open("wb") as card:
        card.truncate((16 << 20) + 1)
    assert "is too long" in run("push", artifact, NAME, code=1).stderr
