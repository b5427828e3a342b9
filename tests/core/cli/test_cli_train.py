"""`genzoo train`: its options, the plan they make, and what is said at the end. Nothing trains."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from genzoo import RecipeSpec
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.plugins.manager import PluginManager
from genzoo.training import begin_and_resume as start
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.training_config import RunPlan, TrainingConfig
from genzoo.training.training_loop import TrainingResult

Run = Callable[..., Result]


class Trained:
    """Stands for the trainer and keeps what it was asked to do."""

    def __init__(self) -> None:
        self.plan: RunPlan | None = None
        self.out: Path | None = None
        self.changes: dict[str, Any] | None = None
        self.interrupted = False
        self.place: tuple[str | None, str | None] | None = None

    def begin_run(
        self, planned: PlannedRun, out: Path, reporter: Reporter, processes: ProcessGroup
    ) -> Any:
        assert processes == SINGLE_PROCESS
        self.plan, self.out = planned.plan, out
        return self._result(reporter)

    def resume_run(
        self,
        out: Path,
        registry: object,
        reporter: Reporter,
        changes: Any,
        processes: ProcessGroup,
        data: str | None,
        architecture: str | None,
    ) -> Any:
        assert processes == SINGLE_PROCESS
        self.out, self.changes = out, dict(changes)
        self.place = (architecture, data)
        return self._result(reporter)

    def _result(self, reporter: Reporter) -> TrainingResult:
        assert self.out is not None
        reporter.note("Training on a toaster.")
        reporter.started(0, 10)
        reporter.stepped(1)
        reporter.measured(10, {"samples_per_second": 213.4, "generator/fake": 0.6931})
        reporter.finished(10, self.interrupted)
        return TrainingResult(self.out, self.out / "artifact", 10, self.interrupted)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Trained:
    stand_in = Trained()
    monkeypatch.setattr(start, "begin_run", stand_in.begin_run)
    monkeypatch.setattr(start, "resume_run", stand_in.resume_run)
    return stand_in


def planned(trained: Trained) -> RunPlan:
    assert trained.plan is not None
    return trained.plan


def test_names_alone_make_a_plan_of_defaults(run: Run, trained: Trained) -> None:
    result = run("train", "sketch", "stripes")
    plan = planned(trained)
    assert plan.architecture == "genzoo-sketches/sketch"
    assert plan.objective == "genzoo-sketches/sketch-loss"
    assert plan.data.data == "stripes"
    assert plan.architecture_config == {}
    # What the architecture wishes of its own objective is spelt out.
    assert plan.objective_config == {"gamma": 8.0}
    assert plan.data.kind == "genzoo/image"
    assert trained.out == Path("runs/sketch-stripes")
    assert result.stdout == "runs/sketch-stripes\n"


def test_every_kind_of_option_reaches_its_section(run: Run, trained: Trained) -> None:
    run(
        *("train", "sketch", "stripes", "-o", "x", "--steps", 100, "--batch-size", 8),
        *("--size", 32, "--channels", 1, "--conditional", "--width", 16, "--norm", "none"),
        *("--no-residual", "--sizes", 4, "--sizes", 2, "--architecture-steps", 7),
        *("--objective-width", 0.25, "--gamma", 2, "--betas", 0.0, 0.99),
    )
    plan = planned(trained)
    assert plan.training.model_dump(include={"steps", "batch_size"}) == {
        "steps": 100,
        "batch_size": 8,
    }
    assert (plan.data.options, plan.data.conditional) == ({"size": 32, "channels": 1}, True)
    assert plan.architecture_config == {
        "width": 16,
        "norm": "none",
        "residual": False,
        "sizes": (4, 2),
        "steps": 7,
    }
    assert plan.objective_config == {"width": 0.25, "gamma": 2.0, "betas": (0.0, 0.99)}


def test_set_is_another_way_to_give_an_option(run: Run, trained: Trained) -> None:
    assignments = (
        "steps=100",
        "batch_size=8",
        "width=16",
        "residual=false",
        "norm = none",
        "sizes=4,2,1",
        "betas=0,0.99",
        "objective-width=0.25",
        "conditional=yes",
        "channels=1",
    )
    run("train", "sketch", "stripes", *[part for a in assignments for part in ("--set", a)])
    plan = planned(trained)
    assert (plan.training.steps, plan.training.batch_size) == (100, 8)
    assert (plan.data.conditional, plan.data.options) == (True, {"channels": 1})
    assert plan.architecture_config == {
        "width": 16,
        "residual": False,
        "norm": "none",
        "sizes": (4, 2, 1),
    }
    assert plan.objective_config == {"gamma": 8.0, "betas": (0.0, 0.99), "width": 0.25}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(
        """
        [training]
        steps = 50
        seed = 4
        [data]
        data = "stripes"
        size = 16
        [architecture]
        name = "sketch"
        width = 8
        norm = "none"
        [objective]
        name = "other-loss"
        margin = 2
        """
    )
    return path


def test_a_file_says_everything(run: Run, trained: Trained, file: Path) -> None:
    run("train", "--config", file)
    plan = planned(trained)
    assert (plan.training.steps, plan.training.seed) == (50, 4)
    assert plan.data.options == {"size": 16}
    assert plan.architecture_config == {"width": 8, "norm": "none"}
    assert plan.objective == "genzoo-sketches/other-loss"
    assert plan.objective_config == {"margin": 2}


def test_the_command_line_beats_the_file(
    run: Run, trained: Trained, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    run("train", "sketch", "mine", "--config", file, "--width", 16, "--set", "steps=60")
    plan = planned(trained)
    assert plan.data.data == str(Path("mine").absolute())
    assert plan.architecture_config == {"width": 16, "norm": "none"}
    assert (plan.training.steps, plan.training.seed) == (60, 4)


def test_another_objective_is_not_started_from_the_architecture_s_wishes(
    run: Run, trained: Trained
) -> None:
    run("train", "sketch", "stripes", "--objective", "other-loss", "--margin", 3)
    assert planned(trained).objective == "genzoo-sketches/other-loss"
    assert planned(trained).objective_config == {"margin": 3.0}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--width", "16", "sketch", "stripes"],
        ["--conditional", "sketch", "stripes"],
        ["--no-residual", "sketch", "stripes"],
        ["--gamma=2", "sketch", "--", "stripes"],
        ["-o", "x", "--objective", "sketch-loss", "sketch", "--betas", "0", "0.5", "stripes"],
        ["genzoo-sketches/sketch", "stripes"],
    ],
)
def test_options_may_stand_anywhere(arguments: list[str], run: Run, trained: Trained) -> None:
    run("train", *arguments)
    assert planned(trained).architecture == "genzoo-sketches/sketch"
    assert planned(trained).data.data == "stripes"


def test_help_lists_the_options_in_groups_with_bounds_and_defaults(run: Run) -> None:
    text = run("train", "sketch", "--help").stdout
    groups = ["Options:", "Training:", "Data:", "Architecture sketch:", "Objective sketch-loss:"]
    assert sorted(groups, key=text.index) == groups
    lines = " ".join(text.split())
    for part in (
        "--width INTEGER Channels. [default: 32; 4<=x<=64]",
        "--norm [batch|none] Normalisation. [default: batch]",
        "--residual / --no-residual Shortcuts. [default: yes]",
        "--sizes INTEGER... Sides. [default: 8 4]",
        "--architecture-steps INTEGER Inner steps; shares its name with the training's. "
        "[default: 3; x>=1]",
        "--objective-width NUMBER Shares its name with the architecture's. [default: 0.5; x>0]",
        "--gamma NUMBER Weight. [default: 8.0; x>=0.0]",
        "--betas NUMBER NUMBER Decay rates. [default: 0.5 0.9]",
        "--rate NUMBER Step size. [0<x<=1]",
        "--steps INTEGER Training steps in all. [default: 20000; x>=1]",
    ):
        assert part in lines


def test_help_without_an_architecture_says_how_to_see_more(run: Run) -> None:
    text = " ".join(run("train", "--help").stdout.split())
    assert "genzoo train dcgan --help" in text
    assert "Training:" in text
    assert "Architecture sketch" not in text


def test_help_of_another_objective(run: Run) -> None:
    text = run("train", "sketch", "--objective", "other-loss", "--help").stdout
    assert "Objective other-loss:" in text
    assert "--margin" in text
    assert "--gamma" not in text


def test_what_to_type_next_is_said_on_stderr(run: Run, trained: Trained) -> None:
    result = run("train", "sketch", "stripes", "-o", "x", "--json")
    assert json.loads(result.stdout) == {
        "run": "x",
        "model": "x/artifact",
        "steps": 10,
        "interrupted": False,
    }
    assert result.stderr.splitlines() == [
        "Training on a toaster.",
        "step 10/10  213 samples/s  generator/fake 0.6931",
        "Look at it: genzoo sample x",
    ]


def test_quiet_says_nothing_but_the_result(run: Run, trained: Trained) -> None:
    result = run("train", "sketch", "stripes", "-o", "x", "-q")
    assert (result.stdout, result.stderr) == ("x\n", "")


def test_an_interrupted_run_says_how_to_go_on(run: Run, trained: Trained) -> None:
    trained.interrupted = True
    result = run("train", "sketch", "stripes", "-o", "x", code=130)
    assert result.stdout == "x\n"
    assert result.stderr.endswith("Go on with: genzoo train --resume x\n")


def test_resuming_may_change_training_options(run: Run, trained: Trained) -> None:
    run("train", "--resume", "x", "--steps", 30, "--set", "log-every=5")
    assert trained.out == Path("x")
    assert trained.changes == {"steps": 30, "log_every": 5}


def test_resuming_may_say_where_the_data_are_now(run: Run, trained: Trained) -> None:
    run("train", "--resume", "x")
    assert trained.place == (None, None)
    run("train", "sketch", "stripes", "--resume", "x", "--steps", 30)
    assert trained.place == ("sketch", "stripes")
    assert (trained.out, trained.changes) == (Path("x"), {"steps": 30})


def test_resuming_says_what_cannot_change(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    result = run("train", "--resume", "x", code=2)
    assert "x is not a run" in result.stderr


def test_the_default_folder_is_numbered_when_taken(run: Run, trained: Trained) -> None:
    for expected in ("runs/sketch-stripes", "runs/sketch-stripes-2", "runs/sketch-stripes-3"):
        run("train", "sketch", "stripes")
        assert trained.out == Path(expected)
        Path(expected).mkdir(parents=True)


def test_the_default_folder_is_named_after_the_data(run: Run, trained: Trained) -> None:
    run("train", "sketch", "../my photos/")
    assert trained.out == Path("runs/sketch-my_photos")


def test_a_run_is_not_overwritten(run: Run, trained: Trained) -> None:
    Path("x").mkdir()
    run("train", "sketch", "stripes", "-o", "x")
    Path("x/notes.txt").touch()
    assert "x is there already" in run("train", "sketch", "stripes", "-o", "x", code=2).stderr
    Path("x/run.json").touch()
    result = run("train", "sketch", "stripes", "-o", "x", code=2)
    assert "genzoo train --resume x" in result.stderr


WRONG = {
    "nothing": ([], "does not say what to train"),
    "no data": (["sketch"], "does not say the data"),
    "misspelt architecture": (["sketsh", "stripes"], "Did you mean sketch"),
    "misspelt objective": (
        ["sketch", "stripes", "--objective", "other"],
        "Did you mean other-loss",
    ),
    "another architecture's option": (
        ["toy-gan", "d", "--objective", "other-loss", "--norm"],
        "No such option '--norm'",
    ),
    "out of bounds": (["sketch", "stripes", "--width", "3"], "3 is not in the range 4<=x<=64"),
    "no number": (["sketch", "stripes", "--width", "wide"], "'wide' is not a valid integer"),
    "no choice": (["sketch", "stripes", "--norm", "layer"], "'layer' is not one of"),
    "too few values": (["sketch", "stripes", "--betas", "0.5"], "requires 2 arguments"),
    "set out of bounds": (["sketch", "s", "--set", "width=3"], "3 is not in the range"),
    "set too few values": (["sketch", "s", "--set", "betas=0.5"], "takes 2 values"),
    "set what is not there": (["sketch", "s", "--set", "widht=8"], "Did you mean width"),
    "set without a value": (["sketch", "s", "--set", "width"], "sets nothing"),
    "no file": (["sketch", "s", "--config", "none.toml"], "'none.toml' cannot be read"),
    "resume with a name": (["--resume", "x", "sketch"], "what the run began with"),
    "resume elsewhere": (["--resume", "x", "-o", "y"], "what the run began with"),
    "resume other data": (["--resume", "x", "--size", "32"], "cannot change size"),
    "third argument": (["sketch", "stripes", "more"], "unexpected extra argument (more)"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_is_said_in_a_sentence(case: str, run: Run, trained: Trained) -> None:
    arguments, text = WRONG[case]
    result = run("train", *arguments, code=2)
    assert text in result.stderr
    assert result.stdout == ""
    assert trained.out is None
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("steps = ", "is not a TOML file"),
        ("steps = 3", "no table in recipe.toml named 'steps'"),
        ("training = 3", "must be a table"),
        ("[trainign]\nsteps = 3", "Did you mean training"),
        ("[training]\nstep = 3", "has no option 'step'"),
        ("[training]\nsteps = 0", "'steps' of the training does not accept 0"),
        ("[architecture]\nwidth = 3", "'width' of the architecture sketch does not accept 3"),
        ("[objective]\ngama = 3", "objective sketch-loss has no option 'gama'"),
    ],
)
def test_mistakes_in_a_file_are_named(content: str, text: str, run: Run, trained: Trained) -> None:
    Path("recipe.toml").write_text(content)
    result = run("train", "sketch", "stripes", "--config", "recipe.toml", code=2)
    assert text in result.stderr
    assert trained.plan is None


def test_streaming_is_asked_for(run: Run, trained: Trained) -> None:
    run("train", "sketch", "shards/{000..009}.tar", "--stream")
    assert trained.plan is not None
    assert trained.plan.data.stream
    assert trained.plan.data.data == str(Path("shards/{000..009}.tar").absolute())
    assert "--stream" in run("train", "sketch", "--help").stdout


@pytest.mark.parametrize("words", [("stripes",), ("toy-gan", "stripes")])
def test_a_model_to_begin_with_gives_the_architecture_and_its_options(
    run: Run, trained: Trained, words: tuple[str, ...]
) -> None:
    run("train", *words, "--from", "tiny-gan", "--objective", "sketch-loss")
    plan = planned(trained)
    assert plan.architecture == "genzoo-toys/toy-gan"
    assert plan.data.data == "stripes"
    assert plan.data.options["size"] == 8


def test_help_shows_the_options_of_the_model_to_begin_with(run: Run) -> None:
    goal = ("--objective", "sketch-loss")
    shown = run("train", "stripes", "--from", "tiny-gan", *goal, "--help").output
    assert "Architecture toy-gan" in shown


def test_partial_without_a_model_to_begin_with_is_refused(run: Run, trained: Trained) -> None:
    assert "--from" in run("train", "sketch", "stripes", "--partial", code=2).output


def test_a_resumed_run_takes_no_model_to_begin_with(run: Run, trained: Trained) -> None:
    refused = run("train", "--resume", "runs/x", "--from", "tiny-gan", code=2).output
    assert "what the run began with" in refused


def test_an_architecture_that_there_is_not_is_named_beside_a_model_too(
    run: Run, trained: Trained
) -> None:
    refused = run(
        "train", "toy-gam", "stripes", "--from", "tiny-gan", "--objective", "sketch-loss", code=2
    )
    assert "toy-gam" in refused.output


def test_a_model_to_begin_with_that_there_is_not_is_named(run: Run, trained: Trained) -> None:
    assert "tiny-cat" in run("train", "stripes", "--from", "tiny-cat", code=2).output


@pytest.fixture
def recipe(manager: PluginManager) -> RecipeSpec:
    spec = RecipeSpec(
        name="quick-sketch",
        summary="there is no better one",
        architecture="sketch",
        architecture_config={"width": 16},
        objective_config={"gamma": 3.0},
        training={"steps": 70, "batch_size": 8},
    )
    manager.registry.add_all([spec], "genzoo-sketches", "0.5")
    return spec


def test_data_alone_are_trained_on_by_the_recipe_which_is_said(
    run: Run, trained: Trained, recipe: RecipeSpec
) -> None:
    result = run("train", "stripes", "--batch-size", 4)
    plan = planned(trained)
    assert plan.architecture == "genzoo-sketches/sketch"
    assert plan.data.data == "stripes"
    assert (plan.training.steps, plan.training.batch_size) == (70, 4)
    assert plan.architecture_config == {"width": 16}
    assert plan.objective_config == {"gamma": 3.0}
    assert trained.out == Path("runs/sketch-stripes")
    assert (
        "Training sketch with the objective sketch-loss, the recipe quick-sketch: there is no "
        "better one." in result.stderr.replace("\n", " ")
    )


def test_a_recipes_options_can_be_typed_and_are_in_the_help(
    run: Run, trained: Trained, recipe: RecipeSpec
) -> None:
    run("train", "stripes", "--width", 4, "--size", 32, "-o", "x")
    assert planned(trained).architecture_config == {"width": 4}
    assert planned(trained).data.options == {"size": 32}
    assert "Architecture sketch" in run("train", "stripes", "--help").output


def test_a_named_architecture_goes_before_the_recipe(
    run: Run, trained: Trained, recipe: RecipeSpec
) -> None:
    run("train", "sketch", "stripes")
    plan = planned(trained)
    assert plan.training.steps == TrainingConfig().steps
    assert plan.architecture_config == {}


def test_an_architecture_alone_is_not_taken_for_the_data(
    run: Run, trained: Trained, recipe: RecipeSpec
) -> None:
    result = run("train", "sketch", code=2)
    assert "does not say the data to train on" in result.stderr


def test_data_alone_without_a_recipe_say_what_to_name(run: Run, trained: Trained) -> None:
    result = run("train", "stripes", code=2)
    assert "There is no recipe for image" in result.stderr
    assert "genzoo train ARCHITECTURE DATA" in result.stderr
