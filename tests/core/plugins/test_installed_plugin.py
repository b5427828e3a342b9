"""A really installed package for each thing a plugin can add, used through the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_objectives
import toys
from environments import Environment, write_wheel

from genzoo.plugins.hookspecs import EVENT_HOOKS, RECORD_HOOKS

pytestmark = pytest.mark.slow

PROVEN_ELSEWHERE = {
    *("genzoo_kinds", "genzoo_metrics", "genzoo_features", "genzoo_sources"),
    "genzoo_checkpoint_formats",
}
"""Hooks that tests/docs/test_examples.py and the tests of evaluation, sources and imports prove."""

PLUGIN = """
    import json

    from genzoo import (
        ArchitectureSpec, CommandSpec, DatasetSpec, ObjectiveSpec, PriorSpec, RecipeSpec,
        TrackerSpec, hookimpl
    )

    PARTS = ("encoder", "decoder")

    @hookimpl
    def genzoo_architectures():
        return [
            ArchitectureSpec(
                name="parade",
                family="vae",
                target="genzoo_parade.networks:ToyVAE",
                config="genzoo_parade.networks:ToyConfig",
                parts=PARTS,
                inference=PARTS,
                objective="march",
                objective_defaults={"learning_rate": 0.5},
                priors=("drum",),
            )
        ]

    @hookimpl
    def genzoo_objectives():
        return [
            ObjectiveSpec(
                name="march",
                family="vae",
                target="genzoo_parade.objectives:ToyBound",
                config="genzoo_parade.objectives:ToyObjectiveConfig",
                requires=PARTS,
            )
        ]

    @hookimpl
    def genzoo_priors():
        return [
            PriorSpec(
                name="drum",
                target="genzoo_parade.networks:ToyPrior",
                config="genzoo_parade.networks:ToyPriorConfig",
            )
        ]

    @hookimpl
    def genzoo_recipes():
        return [RecipeSpec(name="street", architecture="parade", preferred=99)]

    @hookimpl
    def genzoo_datasets():
        return [DatasetSpec(name="crowd", target="genzoo_parade.data:load", version="1", count=24)]

    @hookimpl
    def genzoo_trackers():
        return [TrackerSpec(name="diary", target="genzoo_parade.diary:Diary")]

    @hookimpl
    def genzoo_commands():
        return [
            CommandSpec(name="wave", summary="Waves a flag", target="genzoo_parade.command:wave")
        ]

    def hear(run, event, **facts):
        with open(run.folder / "events.jsonl", "a") as file:
            file.write(json.dumps({"event": event, **facts}, default=str) + "\\n")

    @hookimpl
    def genzoo_run_started(run, step):
        hear(run, "run_started", step=step, architecture=run.architecture, total=run.total_steps)

    @hookimpl
    def genzoo_step_ended(step, run):
        hear(run, "step_ended", step=step)

    @hookimpl
    def genzoo_metrics_measured(run, step, metrics):
        hear(run, "metrics_measured", step=step, metrics=metrics)

    @hookimpl
    def genzoo_snapshot_saved(run, step, path):
        hear(run, "snapshot_saved", step=step, name=path.name)

    @hookimpl
    def genzoo_checkpoint_saved(run, step, path):
        hear(run, "checkpoint_saved", step=step, name=path.name)

    @hookimpl
    def genzoo_run_ended(run, step, interrupted, error):
        hear(run, "run_ended", step=step, interrupted=interrupted, error=error)
"""

DATA = """
    import numpy as np

    from genzoo import RawSamples

    def load():
        pixels = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 3), dtype=np.uint8)
        return RawSamples(pixels)
"""

DIARY = """
    import json

    from genzoo import Tracker

    class Diary(Tracker):
        def scalars(self, step, values):
            self.write({"step": step, **values})

        def images(self, step, name, picture):
            self.write({"step": step, "name": name, "shape": picture.shape})

        def close(self):
            self.write({"closed": True})

        def write(self, line):
            with open(self.run.folder / "diary.jsonl", "a") as file:
                file.write(json.dumps(line) + "\\n")
"""

COMMAND = """
    import click

    @click.command()
    @click.option("--colour", default="red")
    def wave(colour):
        click.echo(f"a {colour} flag")
"""

ZOO = """
    from pathlib import Path

    from genzoo import FormatSpec, ModelSpec, hookimpl

    @hookimpl
    def genzoo_models():
        folder = Path(__file__).with_name("brass")
        return [
            ModelSpec(name="brass", architecture="genzoo-parade/parade", location=str(folder))
        ]

    @hookimpl
    def genzoo_formats():
        return [FormatSpec(name="score", target="genzoo_parade_zoo.score:read")]
"""

FORMAT = """
    from genzoo import ForeignModel

    def read(content):
        if content.get("maker") != "parades":
            return None
        return ForeignModel(
            architecture="genzoo-parade/parade",
            config={},
            sample={"shape": (3, 8, 8)},
            weights=("score.safetensors",),
            rename=lambda name: name.removeprefix("their/"),
        )
"""


def save_as_others_do(artifact: Path, folder: Path) -> Path:
    """The networks of an artifact in the format `score`."""
    from safetensors.numpy import load_file, save_file

    weights = load_file(artifact / "model.safetensors")
    folder.mkdir()
    (folder / "config.json").write_text('{"maker": "parades"}')
    save_file(
        {
            f"their/{name.removeprefix('parts.')}": value
            for name, value in weights.items()
            if name.startswith("parts.")
        },
        folder / "score.safetensors",
    )
    return folder


def source_of(module: Any) -> str:
    return Path(module.__file__).read_text(encoding="utf-8")


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parade")


@pytest.fixture(scope="module")
def environment(folder: Path) -> Environment:
    environment = Environment.create(folder / "environment")
    files = {
        "genzoo_parade/__init__.py": PLUGIN,
        "genzoo_parade/networks.py": source_of(toys),
        "genzoo_parade/objectives.py": source_of(toy_objectives),
        "genzoo_parade/data.py": DATA,
        "genzoo_parade/diary.py": DIARY,
        "genzoo_parade/command.py": COMMAND,
    }
    environment.install(write_wheel(folder, "genzoo-parade", files))
    return environment


@pytest.fixture(scope="module")
def run(environment: Environment, folder: Path) -> Path:
    """The folder of a run of the plugin's architecture, objective, prior, data and tracker."""
    settings = ["--steps=4", "--batch-size=8", "--log-every=2", "--snapshot-every=4"]
    settings += ["--checkpoint-every=2", "--tracker=diary", "--device=cpu", "--precision=fp32"]
    result = environment.genzoo(
        *("train", "crowd", "-o", folder / "run", "--json", *settings),
        env={"GENZOO_CACHE": str(folder / "cache")},
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["steps"] == 4
    return folder / "run"


@pytest.fixture(scope="module")
def samples(environment: Environment, run: Path, folder: Path) -> dict[str, np.ndarray]:
    """What `genzoo sample` draws: from the run, from a prior, and from an installed zoo."""
    files: dict[str, str | bytes] = {
        "genzoo_parade_zoo/__init__.py": ZOO,
        "genzoo_parade_zoo/score.py": FORMAT,
    }
    for path in (run / "artifact").rglob("*"):
        if path.is_file():
            name = path.relative_to(run / "artifact").as_posix()
            files[f"genzoo_parade_zoo/brass/{name}"] = path.read_bytes()
    environment.install(
        write_wheel(folder, "genzoo-parade-zoo", files, requires=("genzoo", "genzoo-parade"))
    )
    models = {
        "run": [str(run)],
        "prior": [str(run), "--prior=drum"],
        "short": ["brass"],
        "full": ["genzoo-parade-zoo/brass"],
        "foreign": [str(save_as_others_do(run / "artifact", folder / "foreign"))],
    }
    # One process, for torch takes long to import.
    code = "import json, sys\nfrom genzoo.cli.main import main\n"
    code += "for line in json.loads(sys.argv[1]):\n    main(line, standalone_mode=False)\n"
    lines = [
        ["sample", *words, "-n", "3", "-o", str(folder / f"{name}.npz")]
        for name, words in models.items()
    ]
    result = environment.run("-c", code, json.dumps(lines))
    assert result.returncode == 0, result.stderr
    return {name: np.load(folder / f"{name}.npz")["images"] for name in models}


def test_every_hook_is_proven_with_an_installed_package() -> None:
    proven = {name for name in (*RECORD_HOOKS, *EVENT_HOOKS) if f"def {name}(" in PLUGIN + ZOO}
    assert proven | PROVEN_ELSEWHERE == {*RECORD_HOOKS, *EVENT_HOOKS}


def test_the_list_shows_what_it_brings(environment: Environment) -> None:
    text = environment.genzoo("plugins", "list").stdout
    (line,) = [line for line in text.splitlines() if line.startswith("genzoo-parade ")]
    assert line.split("loaded  ")[1] == (
        "architecture parade; objective march; recipe street; prior drum; data set crowd; "
        "tracker diary; command wave; events run_started, step_ended, metrics_measured, "
        "snapshot_saved, checkpoint_saved, run_ended"
    )
    result = environment.genzoo("plugins", "doctor")
    assert result.returncode == 0
    assert result.stdout.startswith("All ")


def test_architecture_objective_and_data_are_trained_with(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    assert record["plan"]["architecture"] == "genzoo-parade/parade"
    assert record["plan"]["objective"] == "genzoo-parade/march"
    assert record["plan"]["objective_config"]["learning_rate"] == 0.5
    assert (record["data"]["name"], record["data"]["count"]) == ("crowd", 24)
    assert record["data"]["sample"]["shape"] == [3, 8, 8]
    assert {"bound/distortion", "bound/rate"} <= lines_of(run / "metrics.jsonl")[0].keys()


def test_the_tracker_has_the_values_of_the_log(run: Path) -> None:
    diary = lines_of(run / "diary.jsonl")
    log = lines_of(run / "metrics.jsonl")
    for line in log:
        del line["samples"]
    assert [line["step"] for line in log] == [2, 4]
    assert [line for line in diary if "bound/rate" in line] == log
    pictures = [(line["step"], line["name"]) for line in diary if "name" in line]
    both = ("samples", "reconstructions")
    assert pictures == [(step, name) for step in (0, 4) for name in both]
    assert diary[-1] == {"closed": True}


def test_events_arrive_in_order_with_their_steps(run: Path) -> None:
    events = lines_of(run / "events.jsonl")
    saved = "snapshot_saved"
    assert [(line["event"], line["step"]) for line in events] == [
        *(("run_started", 0), (saved, 0), (saved, 0)),
        *(("step_ended", 1), ("step_ended", 2), ("metrics_measured", 2), ("checkpoint_saved", 2)),
        *(("step_ended", 3), ("step_ended", 4), ("metrics_measured", 4)),
        *((saved, 4), (saved, 4), ("checkpoint_saved", 4), ("run_ended", 4)),
    ]
    first, last = events[0], events[-1]
    assert (first["architecture"], first["total"]) == ("genzoo-parade/parade", 4)
    assert (last["interrupted"], last["error"]) == (False, "")
    (measured, _) = [line for line in events if line["event"] == "metrics_measured"]
    log = lines_of(run / "metrics.jsonl")[0]
    assert measured["metrics"]["bound/rate"] == log["bound/rate"]


def test_the_prior_is_fitted_and_drawn_from(run: Path, samples: dict[str, np.ndarray]) -> None:
    from safetensors.numpy import load_file

    weights = load_file(run / "artifact" / "model.safetensors")
    (centre,) = [value for name, value in weights.items() if name.endswith("centre")]
    assert np.abs(centre).sum() > 0
    assert samples["run"].shape == samples["prior"].shape == (3, 8, 8, 3)
    assert not np.array_equal(samples["run"], samples["prior"])


def test_the_zoo_model_is_sampled_by_short_and_by_full_name(
    samples: dict[str, np.ndarray], environment: Environment
) -> None:
    assert np.array_equal(samples["short"], samples["run"])
    assert np.array_equal(samples["full"], samples["run"])
    rows = json.loads(environment.genzoo("models", "--json").stdout)
    (row,) = [row for row in rows if row["name"] == "brass"]
    assert (row["full_name"], row["shape"]) == ("genzoo-parade-zoo/brass", "3x8x8")


def test_the_command_runs_and_stands_in_the_help(environment: Environment) -> None:
    assert "  wave           Waves a flag\n" in environment.genzoo("--help").stdout
    for name in ("wave", "genzoo-parade/wave"):
        result = environment.genzoo(name, "--colour", "blue")
        assert (result.returncode, result.stdout) == (0, "a blue flag\n"), result.stderr
    assert "--colour" in environment.genzoo("wave", "--help").stdout
    words = {"COMP_WORDS": "genzoo wa", "COMP_CWORD": "1", "_GENZOO_COMPLETE": "bash_complete"}
    assert environment.genzoo(env=words).stdout == "plain,wave\n"


def test_a_model_in_a_format_of_the_plugin_s_is_the_same(samples: dict[str, np.ndarray]) -> None:
    assert np.array_equal(samples["foreign"], samples["run"])
