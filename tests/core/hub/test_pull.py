"""Pulling: pinned to a commit, verified, resumed, offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hub_server import HubServer
from published import NAME, alter_config, publish

from genzoo.artifact.load import load_model
from genzoo.errors import ArtifactError, HubError, UnknownNameError
from genzoo.hub.cache import find_cached, list_cached
from genzoo.hub.pull import fetch, plan_pull, pull
from genzoo.hub.reference import parse_reference
from genzoo.registry import Registry

TOY = parse_reference(NAME)


def downloaded(hub: HubServer) -> list[str]:
    return sorted(path.split("/", 5)[5] for path in hub.downloads())


def test_what_sampling_needs_is_pulled_and_loads(
    hub: HubServer, artifact: Path, registry: Registry
) -> None:
    repository = publish(hub, artifact)
    repository.put("train/optimizer.safetensors", b"much")
    plan = plan_pull(TOY)
    assert downloaded(hub) == ["config.json"]
    assert {file.name for file in plan.files} == {
        "README.md", "config.json", "model.safetensors", "test/golden.safetensors"
    }  # fmt: skip
    folder = pull(plan)
    assert downloaded(hub) == sorted(file.name for file in plan.files)
    assert folder.name == repository.refs["main"]
    assert {path.name for path in folder.parent.iterdir()} == {folder.name, "refs", ".lock"}
    assert load_model(folder, registry).sample(2).shape == (2, 3, 8, 8)


def test_a_second_pull_downloads_nothing(hub: HubServer, artifact: Path) -> None:
    publish(hub, artifact)
    first = pull(plan_pull(TOY))
    hub.requests.clear()
    plan = plan_pull(TOY)
    assert plan.missing == ()
    assert pull(plan) == first
    assert hub.downloads() == []


def test_everything(hub: HubServer, artifact: Path) -> None:
    repository = publish(hub, artifact)
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    config = json.loads((artifact / "config.json").read_text())
    config["files"]["train/a.safetensors"] = {"sha256": sha256, "size": 4}
    alter_config(repository, files=config["files"])
    repository.put("train/a.safetensors", b"test")
    folder = pull(plan_pull(TOY))
    assert not (folder / "train").exists()
    hub.requests.clear()
    assert pull(plan_pull(TOY, everything=True)) == folder
    assert downloaded(hub) == ["train/a.safetensors"]
    assert (folder / "train" / "a.safetensors").read_bytes() == b"test"


def test_what_an_interrupted_pull_of_more_left_is_no_part_of_the_model(
    hub: HubServer, artifact: Path
) -> None:
    publish(hub, artifact)
    plan = plan_pull(TOY)
    partial = plan.folder.with_name(f".{plan.folder.name}.part")
    for name in ("train/a.safetensors", "train/b.safetensors.part", "c.txt"):
        (partial / name).parent.mkdir(parents=True, exist_ok=True)
        (partial / name).write_bytes(b"test")
    folder = pull(plan)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {*(file.name for file in plan.files), ".pulled.json"}


def test_a_changed_model_and_a_pinned_one(hub: HubServer, artifact: Path) -> None:
    repository = publish(hub, artifact)
    old = repository.refs["main"]
    first = pull(plan_pull(TOY))
    repository.refs["refs/pr/1"] = repository.refs["v1"] = old
    repository.put("README.md", b"# Another")
    assert fetch(TOY) == first
    second = pull(plan_pull(TOY))
    assert second != first
    assert (second / "README.md").read_text() == "# Another"
    assert fetch(TOY) == second
    for revision in ("v1", "refs/pr/1", old):
        assert fetch(TOY.at(revision)) == first
    assert [(model.commit, model.revisions) for model in list_cached()] == [
        (second.name, ("main",)),
        (old, ("refs/pr/1", "v1")),
    ]


def test_an_altered_file_is_fetched_again(hub: HubServer, artifact: Path) -> None:
    publish(hub, artifact)
    weights = pull(plan_pull(TOY)) / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + b"\0")
    hub.requests.clear()
    pull(plan_pull(TOY))
    assert downloaded(hub) == ["model.safetensors"]
    assert weights.read_bytes() == whole


def test_a_dropped_connection_is_taken_up_again(
    hub: HubServer, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_waiting(monkeypatch)
    publish(hub, artifact)
    hub.faults.drop_after = 400
    folder = pull(plan_pull(TOY))
    assert (folder / "model.safetensors").read_bytes() == whole(artifact)
    assert "bytes=400-" in hub.ranges


def test_an_interrupted_pull_is_resumed(
    hub: HubServer, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_waiting(monkeypatch)
    publish(hub, artifact)
    hub.faults.drop_after, hub.faults.drops_for_good = 400, True
    with pytest.raises(HubError, match="cannot be reached"):
        pull(plan_pull(TOY))
    assert find_cached(TOY) is None
    hub.faults.drop_after, hub.faults.drops_for_good = None, False
    hub.requests.clear()
    hub.ranges.clear()
    progress = Recorder()
    folder = pull(plan_pull(TOY), progress)
    assert "config.json" not in downloaded(hub)
    assert hub.ranges == ["bytes=400-"]
    assert (folder / "model.safetensors").read_bytes() == whole(artifact)
    assert progress.count == progress.total


class Recorder:
    def __init__(self) -> None:
        self.phases: list[str] = []
        self.total = self.count = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self.phases:
            self.phases.append(what)
        if total:
            self.count, self.total = done, total


def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once after a connection broke."""
    monkeypatch.setattr("genzoo.hub.download.PAUSE", 0.0)


def whole(artifact: Path) -> bytes:
    return (artifact / "model.safetensors").read_bytes()


def test_what_is_cached_needs_no_hub(hub: HubServer, artifact: Path) -> None:
    publish(hub, artifact)
    folder = pull(plan_pull(TOY))
    hub.requests.clear()
    assert fetch(TOY) == folder
    assert hub.requests == []


def test_a_silent_hub_is_given_up_within_seconds(hub: HubServer) -> None:
    hub.faults.silent = True
    start = time.monotonic()
    with pytest.raises(HubError, match="The Hub cannot be reached at http"):
        fetch(TOY)
    assert time.monotonic() - start < 15


def test_a_missing_repository(hub: HubServer) -> None:
    with pytest.raises(UnknownNameError, match="no model 'someone/toy' on the Hub, or it is priv"):
        plan_pull(TOY)


def test_a_private_repository(
    hub: HubServer, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub_server import TOKEN

    publish(hub, artifact, private=True)
    with pytest.raises(UnknownNameError, match="you are not logged in") as caught:
        plan_pull(TOY)
    assert "hf auth login" in caught.value.hint
    monkeypatch.setenv("HF_TOKEN", "hf_of_another")
    with pytest.raises(UnknownNameError):
        plan_pull(TOY)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert (pull(plan_pull(TOY)) / "config.json").is_file()


def test_a_missing_revision(hub: HubServer, artifact: Path) -> None:
    publish(hub, artifact)
    with pytest.raises(UnknownNameError, match="'someone/toy' has no revision 'v9'"):
        plan_pull(TOY.at("v9"))


def test_a_stranger_to_genzoo(hub: HubServer) -> None:
    hub.add(NAME).put("config.json", b'{"model_type": "bert"}')
    with pytest.raises(ArtifactError, match="does not describe a genzoo model"):
        plan_pull(TOY)


def test_an_incomplete_model(hub: HubServer, artifact: Path) -> None:
    publish(hub, artifact).change({}, ["model.safetensors"])
    with pytest.raises(ArtifactError, match="is missing"):
        plan_pull(TOY)


def test_two_processes_pull_at_once(hub: HubServer, artifact: Path) -> None:
    publish(hub, artifact)
    code = (
        "from genzoo.hub.pull import plan_pull, pull\n"
        "from genzoo.hub.reference import parse_reference\n"
        f"print(pull(plan_pull(parse_reference('{NAME}'))))"
    )
    command = [sys.executable, "-c", code]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ, text=True)
        for _ in range(2)
    ]
    places = {process.communicate()[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    (folder,) = places
    assert (Path(folder) / "model.safetensors").read_bytes() == whole(artifact)


def foreign(hub: HubServer) -> None:
    """A repository that other software made, with weights in two forms."""
    repository = hub.add(NAME)
    repository.put("config.json", b'{"_class_name": "AutoencoderX"}')
    repository.put("x_model.bin", b"pickled")
    repository.put("x_model.safetensors", b"weights")
    repository.put("modeling.py", b"import os")


def weights_of(folder: Path) -> tuple[str, ...] | None:
    known = "AutoencoderX" in (folder / "config.json").read_text()
    return ("x_model.fp16.safetensors", "x_model.safetensors") if known else None


def test_a_model_of_other_software_where_its_format_is_known(hub: HubServer) -> None:
    foreign(hub)
    folder = fetch(TOY, weights_of=weights_of)
    assert {path.name for path in folder.glob("[!.]*")} == {"config.json", "x_model.safetensors"}
    plan = plan_pull(TOY, weights_of=weights_of)
    assert plan.missing == ()
    assert plan.weights.name == "x_model.safetensors"
    (folder / "x_model.safetensors").write_bytes(b"altered")
    assert [file.name for file in plan_pull(TOY, weights_of=weights_of).missing] == [
        "x_model.safetensors"
    ]


def test_a_model_of_other_software_is_refused_otherwise(hub: HubServer) -> None:
    foreign(hub)
    for knows in (None, lambda folder: None):
        with pytest.raises(ArtifactError, match=r"refused: its file 'x_model\.bin'"):
            plan_pull(TOY, weights_of=knows)
    with pytest.raises(ArtifactError, match=r"has no a.bin or b.safetensors"):
        plan_pull(TOY, weights_of=lambda folder: ["a.bin", "b.safetensors"])
    assert list_cached() == []
