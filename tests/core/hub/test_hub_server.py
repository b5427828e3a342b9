"""The Hub of the tests answers the real client as the Hub does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hub_server import TOKEN, HubServer, read_front_matter

CARD = "---\nlibrary_name: genzoo\nlicense: mit\ntags:\n- gan\n---\n# A card\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "test").mkdir(parents=True)
    (folder / "README.md").write_text(CARD)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 8)
    (folder / "test" / "golden.safetensors").write_bytes(b"golden")
    return folder


def test_what_is_uploaded_comes_back(hub: HubServer, token: str, folder: Path) -> None:
    from huggingface_hub import HfApi

    api = HfApi()
    assert api.create_repo("me/it", private=True).repo_id == "me/it"
    assert api.create_repo("me/it", exist_ok=True).repo_id == "me/it"
    commit = api.upload_folder(repo_id="me/it", folder_path=folder)
    info = api.model_info("me/it", files_metadata=True)
    assert info.sha == commit.oid
    assert info.private
    sizes = {file.rfilename: file.size for file in info.siblings or ()}
    assert sizes["model.safetensors"] == 2048
    assert {row.path for row in api.list_repo_tree("me/it", recursive=True)} == set(sizes)
    for name in ("README.md", "test/golden.safetensors"):
        path = Path(api.hf_hub_download("me/it", name, revision=commit.oid))
        assert path.read_bytes() == (folder / name).read_bytes()
    assert [model.id for model in api.list_models(filter="genzoo", search="IT")] == ["me/it"]
    assert not list(api.list_models(filter="diffusers"))


def test_one_commit_for_a_change_and_none_for_the_same(
    hub: HubServer, token: str, folder: Path
) -> None:
    from huggingface_hub import HfApi

    api = HfApi()
    api.create_repo("me/it")
    first = api.upload_folder(repo_id="me/it", folder_path=folder).oid
    count = len(hub.repositories["me/it"].commits)
    assert api.upload_folder(repo_id="me/it", folder_path=folder).oid == first
    (folder / "config.json").write_text('{"a": 1}')
    api.upload_folder(repo_id="me/it", folder_path=folder)
    assert len(hub.repositories["me/it"].commits) == count + 1


def test_errors_are_told_apart(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        EntryNotFoundError,
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    hub.add("me/secret", private=True)
    hub.add("me/open")
    api = HfApi()
    for name in ("me/secret", "me/none"):
        with pytest.raises(RepositoryNotFoundError):
            api.model_info(name)
    with pytest.raises(RevisionNotFoundError):
        api.model_info("me/open", revision="v9")
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download("me/open", "none.json")
    with pytest.raises(HfHubHTTPError):
        api.create_repo("me/new")
    assert api.model_info("me/secret", token=TOKEN).private


def test_the_front_matter_is_read() -> None:
    assert read_front_matter(CARD) == {"library_name": "genzoo", "license": "mit", "tags": ["gan"]}
    assert read_front_matter("# None") == {}
