"""`genzoo train`: begin a run, or go on with one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from genzoo.app.plan_training import merge, plan_training, read_file, run_folder
from genzoo.cli.completion import (
    complete_architecture,
    complete_data,
    complete_model,
    complete_objective,
)
from genzoo.cli.exit_codes import INTERRUPTED
from genzoo.cli.loaded_plugins import plugin_registry
from genzoo.cli.options import HomePath, out_option, output_options
from genzoo.cli.printing import output
from genzoo.cli.torchrun import torchrun_processes
from genzoo.cli.train_options import TrainCommand, choice_of
from genzoo.errors import UsageError, unknown_name
from genzoo.records import ArchitectureSpec

if TYPE_CHECKING:
    from genzoo.training.training_loop import TrainingResult


@click.command(cls=TrainCommand)
@click.argument("architecture", required=False, shell_complete=complete_architecture)
@click.argument("data", required=False, shell_complete=complete_data)
@out_option("Folder of the run. Default: runs/ARCHITECTURE-DATA.")
@click.option("--objective", shell_complete=complete_objective, help="How it learns.")
@click.option(
    "--config", type=HomePath(path_type=Path), metavar="FILE", help="A TOML file, see above."
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set any option below: --set steps=100; values of several parts as a,b.",
)
@click.option(
    "--resume",
    type=HomePath(path_type=Path),
    metavar="RUN",
    help="Go on with this run; only --steps and the options that say how often can change.",
)
@click.option(
    "--from",
    "start",
    metavar="MODEL",
    shell_complete=complete_model,
    help="Begin with the weights of this model, whose options are then the default.",
)
@click.option(
    "--partial", is_flag=True, help="Begin anew what of --from does not fit, which is refused else."
)
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    architecture: str | None,
    data: str | None,
    out: Path | None,
    objective: str | None,
    config: Path | None,
    assignments: tuple[str, ...],
    resume: Path | None,
    start: str | None,
    partial: bool,
    **_: Any,
) -> None:
    """Train ARCHITECTURE on DATA: a folder of files, an .npz file, or the name of a data set.

    Without ARCHITECTURE it takes the best recipe that there is for the data, and says which.

    Each architecture, objective and kind of data, such as images, adds options of its own: genzoo
    train dcgan --help lists them.
    One whose name is taken already is --architecture-NAME or --objective-NAME.

    A TOML file has the same options in the tables [training], [data], [architecture] and
    [objective]; the command line takes precedence over it. The last two may give a name, and
    [data] the data.

    With --from MODEL training begins with the weights of a model: of the zoo, of the Hub, of a
    folder or of a run. ARCHITECTURE can then be left out.

    Ctrl-C stops after the step (exit code 130); genzoo train --resume RUN goes on. Where the data
    lie elsewhere now, genzoo train ARCHITECTURE DATA --resume RUN says so.

    Started by torchrun, the processes share each batch and train one model together.
    """
    given = merge(_from_options(ctx), _from_assignments(ctx, assignments))
    recipe = choice_of(ctx).recipe
    if recipe is not None and data is None:
        architecture, data = None, architecture
    if resume is not None:
        if (architecture and not data) or out or objective or config or start:
            raise UsageError(
                "--resume goes on with what the run began with.",
                f"Type genzoo train --resume {resume}, with --steps to train longer, or with "
                "ARCHITECTURE DATA where the data lie elsewhere now.",
            )
        _resume(ctx, resume, given, architecture, data)
        return
    if partial and start is None:
        raise UsageError("--partial is for the weights of --from MODEL.", "Leave it out.")
    if start is not None and architecture is not None:
        data = _data_beside(architecture, data)
    if data is not None:
        given["data"]["data"] = data
    goal = choice_of(ctx).objective
    defaults = recipe.sections(goal.full_name if goal else None) if recipe else {}
    sections = merge(defaults, read_file(config) if config else {}, given)
    _begin(ctx, sections, out, partial)


def _begin(
    ctx: click.Context, sections: dict[str, dict[str, Any]], out: Path | None, partial: bool
) -> None:
    choice = choice_of(ctx)
    data = sections["data"].get("data")
    if choice.architecture is None or choice.objective is None or not isinstance(data, str):
        missing = "what to train" if choice.architecture is None else "the data to train on"
        raise UsageError(
            f"The command does not say {missing}.",
            "Type genzoo train DATA, or genzoo train ARCHITECTURE DATA.",
        )

    starting = None
    if choice.origin is not None:
        from genzoo.app.starting_model import starting_model

        starting = starting_model(choice.origin, partial)
    # --set may have named another kind than the one whose options were listed.
    known = sections["data"].get("kind") == choice.kind_name
    planned = plan_training(
        plugin_registry(),
        choice.architecture.full_name,
        data,
        sections,
        choice.objective.full_name,
        choice.kind if known else None,
        starting,
    )
    folder = run_folder(out, choice.architecture.full_name, data)

    from genzoo.cli.training_progress import progress_reporter
    from genzoo.training.begin_and_resume import begin_run

    with torchrun_processes() as processes, progress_reporter(output()) as reporter:
        for line in choice.recipe.told() if choice.recipe else ():
            reporter.note(line)
        result = begin_run(planned, folder, reporter, processes)
    _finish(ctx, result, processes.is_main)


def _data_beside(architecture: str, data: str | None) -> str | None:
    """The data, where --from lets the architecture be left out: the only word may be either.

    Raises:
        UnknownNameError: There are two words, and the first is not an architecture.
    """
    known = plugin_registry()[ArchitectureSpec]
    if data is not None or architecture in known or architecture in known.names():
        known.find(architecture)
        return data
    return architecture


def _resume(
    ctx: click.Context,
    run: Path,
    given: dict[str, dict[str, Any]],
    architecture: str | None,
    data: str | None,
) -> None:
    changes = given.pop("training")
    other = [name for values in given.values() for name in values]
    if other:
        raise UsageError(
            f"A resumed run cannot change {', '.join(other)}.", "Start a new run for that."
        )

    from genzoo.cli.training_progress import progress_reporter
    from genzoo.training.begin_and_resume import resume_run

    with torchrun_processes() as processes, progress_reporter(output()) as reporter:
        result = resume_run(
            run, plugin_registry(), reporter, changes, processes, data, architecture
        )
    _finish(ctx, result, processes.is_main)


def _from_options(ctx: click.Context) -> dict[str, dict[str, Any]]:
    """Values of the fields' options that were typed."""
    values: dict[str, dict[str, Any]] = {}
    for option in choice_of(ctx).options:
        name = str(option.name)
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            values.setdefault(option.section, {})[option.field] = ctx.params[name]
    return values


def _from_assignments(
    ctx: click.Context, assignments: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Values of `--set name=value`."""
    options = {option.flag: option for option in choice_of(ctx).options}
    values: dict[str, dict[str, Any]] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        flag = name.strip().replace("_", "-")
        if not equals:
            raise UsageError(f"'{assignment}' sets nothing.", "Type --set name=value.")
        if flag not in options:
            raise unknown_name("option", flag, options)
        option = options[flag]
        values.setdefault(option.section, {})[option.field] = option.parse(text.strip(), ctx)
    return values


def _finish(ctx: click.Context, result: TrainingResult, leads: bool) -> None:
    out = output()
    if leads:
        facts = {
            "run": str(result.folder),
            "model": str(result.artifact),
            "steps": result.steps,
            "interrupted": result.interrupted,
        }
        out.result(facts, str(result.folder))
    if result.interrupted:
        out.note(f"Stopped after step {result.steps}.")
        out.note(f"Go on with: genzoo train --resume {result.folder}")
        ctx.exit(INTERRUPTED)
    out.note(f"Look at it: genzoo sample {result.folder}")
