"""What there is: models, architectures, objectives, plugins, and info on each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from genzoo.plugins.manager import PluginManager
from genzoo.plugins.plugin_status import PluginStatus

Run = Callable[..., Result]


def read(result: Result) -> Any:
    """Stdout as JSON; nothing else may be on it."""
    return json.loads(result.stdout)


def test_architectures_as_json_have_everything(run: Run) -> None:
    rows = {row["name"]: row for row in read(run("architectures", "--json"))}
    assert list(rows) == ["sketch", "toy-gan", "toy-vae"]
    assert rows["sketch"] == {
        "name": "sketch",
        "full_name": "genzoo-sketches/sketch",
        "family": "sketches",
        "parts": ["generator"],
        "objective": "sketch-loss",
        "kinds": ["image"],
        "latents": False,
        "summary": "A drawing of an architecture",
        "paper": "",
    }


def test_tables_are_aligned_and_messages_are_on_stderr(run: Run) -> None:
    result = run("architectures")
    assert result.stdout.splitlines() == [
        "name     family    objective    summary",
        "sketch   sketches  sketch-loss  A drawing of an architecture",
        "toy-gan  gan       gan          A toy",
        "toy-vae  vae       elbo",
    ]
    assert "genzoo train NAME --help" in result.stderr


def test_quiet_lists_names_alone(run: Run) -> None:
    result = run("architectures", "-q")
    assert result.stdout == "sketch\ntoy-gan\ntoy-vae\n"
    assert result.stderr == ""


def test_objectives(run: Run) -> None:
    rows = read(run("objectives", "--json"))
    assert [row["name"] for row in rows] == ["other-loss", "sketch-loss"]
    assert rows[0]["requires"] == ["generator"]
    assert "sketch-loss" in run("objectives").stdout


def test_models(run: Run, zoo_folders: dict[str, Path]) -> None:
    rows = {row["name"]: row for row in read(run("models", "--json"))}
    assert list(rows) == ["tiny-gan", "tiny-gan-classes", "tiny-vae"]
    row = rows["tiny-vae"]
    files = [file for file in zoo_folders["tiny-vae"].rglob("*") if file.is_file()]
    assert row["bytes"] == sum(file.stat().st_size for file in files)
    assert row["size"].endswith(" kB")
    assert (row["kind"], row["shape"], row["licence"]) == ("image", "3x8x8", "CC0-1.0")
    assert row["location"] == str(zoo_folders["tiny-vae"])
    assert "genzoo sample tiny-gan" in run("models").stderr


def test_a_model_that_is_not_here_is_listed_all_the_same(run: Run, manager: PluginManager) -> None:
    from genzoo import ModelSpec

    record = ModelSpec(name="far", architecture="a", location="owner/far")
    manager.registry.add_all([record], "genzoo-far", "1")
    rows = {row["name"]: row for row in read(run("models", "--json"))}
    assert (rows["far"]["bytes"], rows["far"]["size"], rows["far"]["shape"]) == (None, "", "")


def test_plugins_are_listed_with_their_state(run: Run, manager: PluginManager) -> None:
    manager.statuses.append(PluginStatus("genzoo-bad", "1.0", "bad", "failed", "it broke"))
    rows = read(run("plugins", "list", "--json"))
    assert [row["state"] for row in rows] == ["loaded"] * (len(rows) - 1) + ["failed"]
    assert rows[-1]["reason"] == "it broke"
    (sketches,) = [row for row in rows if row["distribution"] == "genzoo-sketches"]
    assert "architecture sketch" in sketches["registers"]
    assert "it broke" in run("plugins", "list").stdout


def test_broken_plugins_are_mentioned_on_stderr(run: Run, manager: PluginManager) -> None:
    manager.statuses.append(PluginStatus("genzoo-bad", "1.0", "bad", "failed", "it broke"))
    manager.statuses.append(PluginStatus("genzoo-shy", "1.0", "shy", "blocked", "by you"))
    result = run("architectures", "--json")
    assert "The plugin bad of genzoo-bad 1.0 is left out: it broke" in result.stderr
    assert "shy" not in result.stderr
    read(result)
    assert run("architectures", "-q").stderr == ""


@pytest.mark.parametrize(
    ("name", "what", "facts"),
    [
        ("sketch", "architecture", {"full_name": "genzoo-sketches/sketch", "version": "0.5"}),
        ("genzoo-sketches/sketch", "architecture", {"objective": "sketch-loss"}),
        ("sketch-loss", "objective", {"requires": ["generator"]}),
        ("toy-prior", "prior", {"options": {"scale": 1.0}}),
        ("stripes", "data set", {"licence": "CC0-1.0"}),
        ("tiny-vae", "model", {"latent": [6], "priors": ["default", "shifted"]}),
    ],
)
def test_info_shows_anything_that_has_a_name(
    name: str, what: str, facts: dict[str, Any], run: Run
) -> None:
    shown = read(run("info", name, "--json"))
    assert shown["what"] == what
    assert {key: shown[key] for key in facts} == facts
    assert name.rpartition("/")[2] in run("info", name).stdout


def test_info_shows_the_options_of_an_architecture(run: Run) -> None:
    options = read(run("info", "sketch", "--json"))["options"]
    assert options["width"] == 32
    assert options["sizes"] == [8, 4]
    assert "residual=yes, sizes=(8, 4)" in run("info", "sketch").stdout


def test_info_shows_a_folder(run: Run, zoo_folders: dict[str, Path]) -> None:
    shown = read(run("info", zoo_folders["tiny-gan-classes"], "--json"))
    assert shown["classes"] == ["cat", "dog", "1"]
    assert shown["architecture"] == "genzoo-toys/toy-gan"


def test_info_on_an_unknown_name_suggests(run: Run) -> None:
    result = run("info", "tiny-vea", code=2)
    assert "Did you mean tiny-vae" in result.stderr
    assert result.stdout == ""


def test_info_shows_all_that_share_a_name(run: Run, manager: PluginManager) -> None:
    from genzoo import DatasetSpec

    record = DatasetSpec(name="sketch", target="m:f", version="1")
    manager.registry.add_all([record], "genzoo-more", "1")
    shown = read(run("info", "sketch", "--json"))
    assert [facts["what"] for facts in shown] == ["architecture", "data set"]
    text = run("info", "sketch").stdout
    assert "architecture sketch\n" in text
    assert "data set sketch\n" in text


def test_info_on_a_run(run: Run, tmp_path: Path) -> None:
    from genzoo import SampleSpec
    from genzoo.training.run_folder import DataRecord, RunFolder, RunRecord
    from genzoo.training.training_config import DataConfig, RunPlan

    folder = RunFolder(tmp_path / "x")
    folder.create()
    plan = RunPlan(
        architecture="genzoo/dcgan", objective="genzoo/gan", data=DataConfig(data="stripes")
    )
    data = DataRecord(name="stripes", fingerprint="f", count=40, sample=SampleSpec(shape=(3, 8, 8)))
    folder.write_record(RunRecord(genzoo_version="0.1", plan=plan, data=data))
    (folder.checkpoints / "step-000000010").mkdir(parents=True)
    shown = read(run("info", "x", "--json"))
    assert shown["what"] == "run"
    assert (shown["data"], shown["samples_in_data"], shown["steps"]) == ("stripes", 40, 20_000)
    assert shown["checkpoints"] == ["step-000000010"]
    assert shown["artifact"] is None
