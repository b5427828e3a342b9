"""The commands of the Hub, as people type them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from hub_repositories import Repository
from hub_server import HubServer
from published import NAME, alter_config, publish

from genzoo import ModelSpec, hookimpl
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]


@pytest.fixture
def repository(hub: HubServer, artifact: Path) -> Repository:
    return publish(hub, artifact)


def test_pull_shows_the_plan_and_says_what_to_type(run: Run, repository: Repository) -> None:
    result = run("pull", NAME)
    folder = Path(result.stdout.strip())
    assert folder.name == repository.refs["main"]
    for text in (
        folder.name,
        "architecture: genzoo-toys/toy-gan",
        "plugin: genzoo-toys >=1.2, installed",
        "model.safetensors: 4.58 kB",
        "Verified 4 files.",
        f"genzoo sample {NAME} -n 64",
    ):
        assert text in result.stderr
    assert "Nothing to download." in run("pull", NAME).stderr
    (row,) = json.loads(run("pull", NAME, "--json").stdout)
    assert row == {"model": NAME, "commit": folder.name, "downloaded": 0, "folder": str(folder)}
    assert run("pull", NAME, "-q").stderr == ""


def test_a_dry_run_downloads_no_weights(run: Run, repository: Repository, hub: HubServer) -> None:
    plan = json.loads(run("pull", NAME, "--dry-run", "--json").stdout)
    assert plan["commit"] == repository.refs["main"]
    assert plan["architecture"] == "genzoo-toys/toy-gan"
    assert "model.safetensors" in plan["to_download"]
    assert [path.rpartition("/")[2] for path in hub.downloads()] == ["config.json"]
    assert run("models", "-q").stdout.strip() == ""


def test_a_plugin_that_is_missing_is_named_with_its_command(
    run: Run, repository: Repository
) -> None:
    provider = {"distribution": "genzoo-other", "version": "2.0", "accepts": ">=2.0"}
    alter_config(repository, architecture="genzoo-other/x", provider=provider)
    stderr = run("pull", NAME).stderr
    assert "genzoo-other >=2.0, not installed" in stderr
    assert "install" in stderr


def test_sample_pulls_what_is_not_here_and_then_works_offline(
    run: Run, repository: Repository, hub: HubServer
) -> None:
    result = run("sample", NAME, "-n", 4, "-o", "a.npz")
    assert result.stdout == "a.npz\n"
    assert "Downloading someone/toy: 4 files" in result.stderr
    hub.requests.clear()
    result = run("sample", NAME, "-n", 4, "-o", "b.npz")
    assert result.stderr == ""
    assert hub.requests == []
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()
    assert run("sample", NAME).stdout == "toy-seed0.png\n"


def test_verify_replays_the_golden_samples(run: Run, repository: Repository) -> None:
    assert json.loads(run("verify", NAME, "--json").stdout)["ok"] is True


def test_offline(run: Run, repository: Repository, hub: HubServer) -> None:
    assert "is not on this machine" in run("pull", NAME, "--offline", code=2).stderr
    folder = run("pull", NAME).stdout
    hub.requests.clear()
    assert run("pull", NAME, "--offline").stdout == folder
    assert hub.requests == []


def test_info_before_anything_is_downloaded(
    run: Run, repository: Repository, hub: HubServer
) -> None:
    repository.card["license"] = "cc0-1.0"
    facts = json.loads(run("info", NAME, "--json").stdout)
    assert facts["parameters"] > 100
    assert set(facts["dtypes"]) == {"F32", "I64"}
    assert facts["shape"] == [3, 8, 8]
    assert facts["licence"] == "cc0-1.0"
    assert facts["folder"] is None
    assert all(line.startswith("bytes=0-") for line in hub.ranges)
    assert "memory" in run("info", NAME).stdout
    run("pull", NAME)
    assert json.loads(run("info", NAME, "--json").stdout)["folder"] is not None


def test_models_lists_what_was_pulled_and_rm_removes_it(run: Run, repository: Repository) -> None:
    run("pull", NAME)
    (row,) = json.loads(run("models", "--json").stdout)
    assert (row["name"], row["architecture"], row["shape"]) == (NAME, "toy-gan", "3x8x8")
    assert row["commit"] == repository.refs["main"]
    assert row["bytes"] > 4580
    assert run("models", "rm", NAME).stdout.strip() == row["location"]
    assert not Path(row["location"]).exists()
    assert "is not on this machine" in run("models", "rm", NAME, code=2).stderr


def test_models_of_the_hub(run: Run, repository: Repository, hub: HubServer) -> None:
    hub.add("someone/else").card = {"library_name": "diffusers"}
    (row,) = json.loads(run("models", "--hub", "--json").stdout)
    assert row["name"] == NAME
    assert "toy-gan" in row["tags"]
    assert json.loads(run("models", "--hub", "--search", "nothing", "--json").stdout) == []
    assert "Add --hub" in run("models", "--search", "x", code=2).stderr


def test_push_prints_the_address(run: Run, hub: HubServer, token: str, artifact: Path) -> None:
    result = run("push", artifact, NAME, "--private", "--licence", "mit")
    assert result.stdout == f"{hub.url}/{NAME}\n"
    assert f"genzoo sample {NAME}" in result.stderr
    assert hub.repositories[NAME].private
    assert run("sample", NAME, "-n", 1, "-o", "a.npz").stdout == "a.npz\n"


def test_push_takes_evaluations_along(
    run: Run, hub: HubServer, token: str, artifact: Path, tmp_path: Path
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "data.npz", images=images)
    settings = ("-n", "20", "--features", "pixels", "--metrics", "precision-recall")
    record = tmp_path / "toy.json"
    run("evaluate", artifact, tmp_path / "data.npz", *settings, "-o", record)
    run("push", artifact, NAME, "--record", record)
    commit = hub.repositories[NAME].find("main")
    assert commit is not None
    assert commit.files["evaluation-toy.json"].content == record.read_bytes()
    card = commit.files["README.md"].content.decode()
    assert "| Precision |" in card
    assert f"genzoo evaluate --reproduce {NAME}/evaluation-toy.json" in card
    run("evaluate", "--reproduce", f"{NAME}/evaluation-toy.json")
    altered = record.read_text().replace('"weights": "sha256:', '"weights": "sha256:0')
    record.write_text(altered)
    assert "of other weights" in run("push", artifact, NAME, "--record", record, code=2).stderr


def test_push_without_a_token_says_how_to_log_in(run: Run, hub: HubServer, artifact: Path) -> None:
    result = run("push", artifact, NAME, code=1)
    assert "You are not logged in" in result.stderr
    assert "hf auth login" in result.stderr


def test_a_lock_pins_commit_and_hashes(
    run: Run, repository: Repository, hub: HubServer, tmp_path: Path
) -> None:
    assert run("lock", NAME).stdout == "genzoo.lock\n"
    locked = json.loads(Path("genzoo.lock").read_text())["models"][NAME]
    assert locked["commit"] == repository.refs["main"]
    assert "model.safetensors" in locked["files"]
    repository.put("README.md", b"# Another")
    shutil.rmtree(tmp_path / "cache")
    folder = Path(run("pull", "--locked").stdout.strip())
    assert folder.name == locked["commit"] != repository.refs["main"]
    hub.requests.clear()
    assert run("pull", NAME, "--locked").stdout.strip() == str(folder)
    run("sample", NAME, "-n", 1)
    assert hub.requests == []


def test_a_lock_refuses_everything_else(run: Run, repository: Repository, tmp_path: Path) -> None:
    run("lock", NAME)
    assert "no locked model named" in run("pull", "a/b", "--locked", code=2).stderr
    lock = json.loads(Path("genzoo.lock").read_text())
    lock["models"][NAME]["files"]["model.safetensors"]["sha256"] = "0" * 64
    Path("genzoo.lock").write_text(json.dumps(lock))
    assert "was altered" in run("pull", "--locked", code=1).stderr
    shutil.rmtree(tmp_path / "cache")
    assert "SHA-256 is not the one" in run("pull", "--locked", code=1).stderr
    assert not list((tmp_path / "cache").rglob("model.safetensors"))
    del lock["models"][NAME]["files"]["README.md"]
    Path("genzoo.lock").write_text(json.dumps(lock))
    assert "has other files than the lock: README.md" in run("pull", "--locked", code=1).stderr


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', '{"models": {"../x": {}}}'])
def test_a_damaged_lock(text: str, run: Run) -> None:
    Path("genzoo.lock").write_text(text)
    assert "'genzoo.lock' is not a lock file" in run("pull", "--locked", code=1).stderr


WRONG = {
    "no repository": (["pull", "someone/none"], 2, "no model 'someone/none' on the Hub"),
    "no revision": (["pull", f"{NAME}@v9"], 2, "has no revision 'v9'"),
    "no name": (["pull", "toy"], 2, "is not a name of a model on the Hugging Face Hub"),
    "nothing": (["pull"], 2, "does not say which model"),
    "no lock": (["pull", "--locked"], 2, "There is no lock file"),
    "neither folder nor model": (["sample", "runs/none"], 2, "There is no folder 'runs/none' here"),
    "no name to push to": (["push", ".", "toy"], 2, "is not a name of a model"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense_is_said_in_a_sentence(
    case: str, run: Run, repository: Repository
) -> None:
    arguments, code, text = WRONG[case]
    result = run(*arguments, code=code)
    assert text in result.stderr
    assert result.stdout == ""


def test_the_text_of_strangers_does_not_steer_the_terminal(
    run: Run, repository: Repository, hub: HubServer
) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\x9b31m"
    repository.card["license"] = f"{evil}mit"
    alter_config(repository, training={f"{evil}note": f"{evil}text"})
    hub.add(f"someone/{evil}x").card = repository.card
    for arguments in (
        ["info", NAME],
        ["models", "--hub"],
        ["pull", NAME],
        ["info", NAME],
        ["models"],
    ):
        output = run(*arguments).output
        assert "\x1b" not in output
        assert "\x9b" not in output
        assert "owned" not in output
    assert "text" in run("info", NAME).stdout


def test_the_list_of_models_imports_nothing_heavy(run: Run, repository: Repository) -> None:
    run("pull", NAME)
    code = (
        "import sys\n"
        "from genzoo.cli.main import main\n"
        "main(['models'], standalone_mode=False)\n"
        "heavy = {'huggingface_hub', 'pydantic', 'numpy', 'torch', 'rich'}\n"
        "print(*heavy & set(sys.modules), file=sys.stderr)"
    )
    environment = {**os.environ, "GENZOO_PLUGINS": ""}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert NAME in result.stdout
    assert result.stderr.splitlines()[-1] == ""


class Catalogue:
    """A plugin that knows a model on the Hub and one that it brings along."""

    @hookimpl
    def genzoo_models(self) -> list[ModelSpec]:
        return [
            ModelSpec(name="far", architecture="toy-gan", location=NAME, licence="MIT"),
            ModelSpec(name="near", architecture="toy-gan", location="/nowhere"),
        ]


def test_a_model_of_the_zoo_on_the_hub(
    run: Run, manager: PluginManager, repository: Repository
) -> None:
    manager.add(Catalogue(), "genzoo-catalogue", "1")
    commit = repository.refs["main"]
    assert json.loads(run("models", "--json").stdout)[0]["revision"] == "main"
    assert json.loads(run("info", "far", "--json").stdout)["commit"] == commit
    assert Path(run("pull", "far").stdout.strip()).name == commit
    far, near = json.loads(run("models", "--json").stdout)
    assert (far["name"], far["revision"], far["licence"]) == ("far", commit[:8], "MIT")
    assert near["bytes"] is None
    assert run("sample", "far", "-n", 1).stdout == "far-seed0.png\n"
    run("models", "rm", "far")
    assert json.loads(run("models", "--json").stdout)[0]["bytes"] is None
    assert "comes with genzoo-catalogue, not from" in run("pull", "near", code=2).stderr
