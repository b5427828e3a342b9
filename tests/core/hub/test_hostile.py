"""Repositories made to do harm are refused, with the reason, and write nothing into the cache."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hub_repositories import Blob, Repository
from hub_server import HubServer
from published import NAME, alter_config, publish

from genzoo.errors import ArtifactError, GenzooError, HubError
from genzoo.hub.cache import find_cached, list_cached
from genzoo.hub.pull import plan_pull, pull
from genzoo.hub.reference import parse_reference
from genzoo.hub.repository_info import search

TOY = parse_reference(NAME)
BAD_NAMES = [
    "../escaped.json",
    "test/../../escaped.json",
    "/escaped.json",
    "test//a.json",
    "./a.json",
    "c:/escaped.json",
    "..\\escaped.json",
    "a\0.json",
    "a\x1b[2J.json",
    ".hidden.json",
    "test./a.json",
    "pytorch_model.bin",
    "model.pkl",
    "model.pt",
    "modeling.py",
    "archive.zip",
    "model.safetensors.exe",
    "no-ending",
    "MODEL.PKL",
    "a" * 300 + ".json",
]


@pytest.fixture
def repository(hub: HubServer, artifact: Path) -> Repository:
    return publish(hub, artifact)


def refused(message: str) -> GenzooError:
    """Neither planning nor pulling goes through, and no model is there afterwards."""
    with pytest.raises(ArtifactError, match=message) as caught:
        pull(plan_pull(TOY))
    assert list_cached() == []
    assert find_cached(TOY) is None
    assert "\x1b" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_files_that_no_model_has(
    name: str, repository: Repository, hub: HubServer, tmp_path: Path
) -> None:
    repository.put(name, b"{}")
    before = set(tmp_path.rglob("*"))
    refused("'someone/toy' is refused: its file")
    assert hub.downloads() == []
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", [".gitattributes", ".gitignore", "LICENSE"])
def test_files_of_the_repository_itself_are_left_alone(name: str, repository: Repository) -> None:
    repository.put(name, b"text")
    assert not (pull(plan_pull(TOY)) / name).exists()


def test_a_path_that_leads_out_of_the_folder_in_the_description(repository: Repository) -> None:
    record = {"sha256": "0" * 64, "size": 1}
    alter_config(repository, files={"../../x.safetensors": record, "model.safetensors": record})
    refused("not a path inside the artifact")


def test_other_weights_than_those_described(repository: Repository) -> None:
    repository.put("model.safetensors", b"x" * 4580)
    refused("not the file that its config.json describes")


def test_weights_that_are_not_what_the_hub_lists(repository: Repository) -> None:
    commit = repository.find("main")
    assert commit is not None
    true = commit.files["model.safetensors"]
    lie = Blob(b"x" * true.size, True, claimed_sha256=true.sha256)
    repository.change({"model.safetensors": lie})
    refused("its SHA-256 is not the one that was announced")


@pytest.mark.parametrize("more", [-1, 1, 5000])
def test_a_size_that_lies(more: int, repository: Repository) -> None:
    commit = repository.find("main")
    assert commit is not None
    true = commit.files["model.safetensors"]
    content = true.content[:more] if more < 0 else true.content + b"x" * more
    lie = Blob(content, True, claimed_size=true.size, claimed_sha256=true.sha256)
    repository.change({"model.safetensors": lie})
    refused("longer than the" if more > 0 else "bytes instead of")


def test_a_download_ends_where_more_arrives_than_was_announced(
    repository: Repository, hub: HubServer
) -> None:
    """However much is sent, no more than was announced is ever on the disk."""
    plan = plan_pull(TOY)
    hub.faults.where, hub.faults.answer = r"/resolve/.*/model", (200, {}, bytes(20_000_000))
    progress = Counted()
    with pytest.raises(ArtifactError, match="longer than the"):
        pull(plan, progress)
    assert progress.count <= sum(file.size for file in plan.missing)


class Counted:
    count = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        self.count = done or self.count


@pytest.mark.parametrize("answer", [b"[" + b" " * 3000 + b"]", b'"' + b"x" * 3000 + b'"'])
def test_an_answer_ends_where_it_is_longer_than_any_answer_is(
    answer: bytes, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genzoo.hub.timed_requests.MAX_ANSWER", 2000)
    hub.faults.answer = (200, {"Content-Type": "application/json"}, answer)
    with pytest.raises(HubError, match="its answer has more than 2,000 bytes"):
        search()


def test_a_small_file_that_was_exchanged(repository: Repository) -> None:
    """Git's own id of the content is checked where there is no SHA-256."""

    class Exchanged(Blob):
        @property
        def oid(self) -> str:
            return hashlib.sha1(b"blob 1\0a").hexdigest()

    commit = repository.find("main")
    assert commit is not None
    content = commit.files["config.json"].content
    repository.change({"config.json": Exchanged(content, False)})
    refused("its content is not the one that was announced")


def test_a_link_is_a_file_of_another_content(repository: Repository) -> None:
    """Git keeps a link as a file that holds the place it leads to; no link is ever made."""
    repository.put("model.safetensors", b"../../../../etc/passwd")
    refused("not the file that its config.json describes")


def test_a_description_of_absurd_size_is_not_fetched(
    repository: Repository, hub: HubServer
) -> None:
    content = b"{}"
    repository.change({"config.json": Blob(content, False, claimed_size=1 << 40)})
    refused("claims 1,099,511,627,776 bytes")
    assert hub.downloads() == []


def test_more_than_the_disk_holds(repository: Repository, hub: HubServer) -> None:
    size = 1 << 60
    sha256 = "0" * 64
    alter_config(repository, files={"model.safetensors": {"sha256": sha256, "size": size}})
    lie = Blob(b"", True, claimed_size=size, claimed_sha256=sha256)
    repository.change({"model.safetensors": lie})
    plan = plan_pull(TOY)
    with pytest.raises(GenzooError, match="are free on the disk"):
        pull(plan)
    assert hub.downloads() == [f"/{NAME}/resolve/{plan.remote.commit}/config.json"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"library": "genzoo"}'])
def test_a_description_that_is_none(content: bytes, repository: Repository) -> None:
    repository.put("config.json", content)
    refused("'someone/toy' is not a model that this genzoo can use")


@pytest.mark.parametrize(
    "changes",
    [{"sample": {"shape": [3, 10**9, 10**9]}}, {"latent": {"shape": [10**12]}}, {"parts": []}],
    ids=json.dumps,
)
def test_values_out_of_bounds(changes: dict[str, object], repository: Repository) -> None:
    alter_config(repository, **changes)
    refused("is damaged")


def test_a_commit_that_is_a_path(repository: Repository, tmp_path: Path) -> None:
    commit = repository.find("main")
    assert commit is not None
    evil = "../../../" + "a" * 31
    repository.commits[evil] = type(commit)(evil, "", commit.files)
    repository.refs["main"] = evil
    with pytest.raises(GenzooError, match="makes no sense"):
        plan_pull(TOY)
    assert not (tmp_path / ("a" * 31)).exists()
