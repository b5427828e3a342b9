"""Publishing: one commit, a card that can be found, nothing of what was there before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hub_server import HubServer, read_front_matter
from published import NAME

from genzoo.artifact.card import PLACE, published_card
from genzoo.artifact.load import load_model
from genzoo.errors import ArtifactError, HubError
from genzoo.hub.pull import fetch
from genzoo.hub.push import push
from genzoo.hub.reference import parse_reference
from genzoo.registry import Registry

TOY = parse_reference(NAME)


def content(hub: HubServer, path: str) -> bytes:
    commit = hub.repositories[NAME].find("main")
    assert commit is not None
    return commit.files[path].content


def test_what_is_pushed_can_be_pulled(
    hub: HubServer, token: str, artifact: Path, registry: Registry
) -> None:
    pushed = push(artifact, TOY, licence="CC0-1.0")
    repository = hub.repositories[NAME]
    assert not repository.private
    assert pushed.commit == repository.refs["main"]
    assert pushed.address == f"{hub.url}/{NAME}"
    assert [commit.title for commit in repository.commits.values()] == [
        "initial",
        "Publish the model",
    ]
    folder = fetch(TOY)
    for name in ("config.json", "model.safetensors", "test/golden.safetensors"):
        assert (folder / name).read_bytes() == (artifact / name).read_bytes()
    assert load_model(folder, registry).sample(1).shape == (1, 3, 8, 8)


def test_the_card(hub: HubServer, token: str, artifact: Path) -> None:
    push(artifact, TOY, licence="CC0-1.0")
    card = content(hub, "README.md").decode()
    head = read_front_matter(card)
    assert (head["library_name"], head["license"]) == ("genzoo", "cc0-1.0")
    assert {"genzoo", "gan", "toy-gan", "image"} <= set(head["tags"])
    assert f"genzoo sample {NAME} -n 64" in card
    assert f'genzoo.load("{NAME}")' in card
    assert PLACE not in card


def test_a_private_repository(hub: HubServer, token: str, artifact: Path) -> None:
    push(artifact, TOY, private=True)
    assert hub.repositories[NAME].private


def test_another_push_takes_the_place_of_the_first(
    hub: HubServer, token: str, artifact: Path
) -> None:
    push(artifact, TOY)
    repository = hub.repositories[NAME]
    first = repository.refs["main"]
    assert push(artifact, TOY).commit == first
    repository.put("old.safetensors", b"old")
    push(artifact, TOY)
    commit = repository.find("main")
    assert commit is not None
    assert "old.safetensors" not in commit.files
    assert ".gitattributes" in commit.files


def test_without_a_token(hub: HubServer, artifact: Path) -> None:
    with pytest.raises(HubError, match="You are not logged in") as caught:
        push(artifact, TOY)
    assert "hf auth login" in caught.value.hint
    assert hub.repositories == {}


def test_a_token_that_may_not_write(
    hub: HubServer, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_another")
    with pytest.raises(HubError, match="refuses that for 'someone/toy': your token may not"):
        push(artifact, TOY)


def test_a_damaged_model_is_not_published(hub: HubServer, token: str, artifact: Path) -> None:
    with (artifact / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\1")
    with pytest.raises(ArtifactError, match="was altered"):
        push(artifact, TOY)
    assert hub.requests == []


def test_what_is_no_part_of_a_model_is_not_published(
    hub: HubServer, token: str, artifact: Path
) -> None:
    (artifact / "notes.txt").write_text("private")
    assert "notes.txt" not in push(artifact, TOY).files
    config = json.loads((artifact / "config.json").read_text())
    sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    config["files"]["code.py"] = {"sha256": sha256, "size": 0}
    (artifact / "config.json").write_text(json.dumps(config))
    (artifact / "code.py").touch()
    with pytest.raises(ArtifactError, match=r"its file 'code\.py' is none of"):
        push(artifact, TOY)


def test_a_card_written_by_hand_keeps_what_it_says() -> None:
    card = "---\nlicense: mit\nlibrary_name: other\ntags:\n- mine\n---\n# Mine\n---\nText\n"
    assert read_front_matter(published_card(card, NAME)) == {
        "license": "mit",
        "library_name": "genzoo",
        "tags": ["mine"],
    }
    assert published_card(card, NAME).endswith("---\n# Mine\n---\nText\n")
    assert read_front_matter(published_card(card, NAME, "Apache-2.0"))["license"] == "apache-2.0"
    bare = published_card("# Mine\n", NAME)
    assert read_front_matter(bare) == {"library_name": "genzoo", "tags": ["genzoo"]}
    assert bare.endswith("\n# Mine\n")
