"""The command line's entry point. Commands are imported when they are used."""

from __future__ import annotations

import os
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import click

from genzoo.cli.exit_codes import is_clicks_own, report
from genzoo.cli.lazy import LazyGroup
from genzoo.cli.loaded_plugins import complete_plugin, leave_out, plugin_commands, shortest_names
from genzoo.cli.printing import Output
from genzoo.cli.standard_streams import lasting_streams
from genzoo.errors import PluginError
from genzoo.registry import load_target
from genzoo.version import __version__

COMMANDS = {
    "sample": "Draw samples from a model.",
    "reconstruct": "Encode samples and decode them again.",
    "encode": "Turn samples into latents.",
    "decode": "Turn latents into samples.",
    "directions": "Find directions that change what a model makes.",
    "edit": "Move samples along such directions.",
    "mix": "Mix the styles of samples, in a model that has styles.",
    "interpolate": "Walk from one latent to another.",
    "film": "Make a film of a training run's snapshots.",
    "train": "Train a model on your own data, or go on training.",
    "fit-prior": "Fit a prior to a model's latents of your data.",
    "doctor": "Tell what goes wrong in a training run, and what to do.",
    "evaluate": "Measure how good a model is.",
    "compare": "Put the results of evaluations side by side.",
    "models": "List the models at hand, or those on the Hub.",
    "architectures": "List what can be trained.",
    "objectives": "List the ways to learn.",
    "info": "Show a model, a run, an architecture or an objective.",
    "verify": "Check that a model is whole and computes what it should.",
    "pull": "Bring a model from the Hub to this machine.",
    "push": "Publish a model on the Hub.",
    "lock": "Pin the models of the Hub that a project uses.",
    "plugins": "List what extends genzoo.",
    "install": "Install a plugin: short for plugins install.",
}
"""Every command with its line of help; `NAME` is `genzoo.cli.NAME:command`."""

QUICK = {
    "film",
    "models",
    "architectures",
    "objectives",
    "info",
    "compare",
    "lock",
    "plugins",
    "install",
}
"""Commands that compute nothing, which therefore need not share the processors."""


class MainGroup(LazyGroup):
    """The program: its own commands and those of plugins; explains errors.

    A plugin's command whose name is taken is called as `DISTRIBUTION/NAME`.
    """

    def main(self, *args: Any, **settings: Any) -> Any:
        """Run the program. While the shell completes, nothing but what it offers is printed."""
        # The Hub's client would print what servers say as it is. It reads this when it is imported.
        os.environ.setdefault("HF_HUB_VERBOSITY", "error")
        if "_GENZOO_COMPLETE" not in os.environ:
            with lasting_streams():
                return super().main(*args, **settings)
        with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
            return super().main(*args, **settings)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options before the command."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise _sensible(error) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; one that computes shares the processors."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and name not in QUICK and not ctx.resilient_parsing:
            from genzoo.system.thread_waiting import sharing_processors

            ctx.with_resource(sharing_processors())
        return name, command, rest

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Its own in order, then those of plugins, each under the shortest name that calls it."""
        return [*self.commands, *shortest_names(self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A stand-in for the command of that name."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        entry = plugin_commands().get(cmd_name)
        return click.Command(cmd_name, short_help=entry.record.summary) if entry else None

    def load(self, name: str) -> click.Command:
        """Import a command's module.

        Raises:
            PluginError: A plugin's command is none.
        """
        if name in self.commands:
            return super().load(name)
        target = plugin_commands()[name].record.target
        command = load_target(target)
        if not isinstance(command, click.Command):
            raise PluginError(f"'{target}' is not a click command.")
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it raises becomes a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except BaseException as error:
            if is_clicks_own(error):
                raise _sensible(error) from error.__cause__
            ctx.exit(report(error, ctx.ensure_object(Output)))


def _sensible(error: BaseException) -> BaseException:
    """The error, without `--help` as what may have been meant by another option."""
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        meant = [each for each in error.possibilities if each != "--help"]
        return click.NoSuchOption(error.option_name, possibilities=meant, ctx=error.ctx)
    return error


EPILOG = (
    "Names complete in the shell after "
    "'eval \"$(_GENZOO_COMPLETE=bash_source genzoo)\"' (or zsh_source, fish_source)."
)


@click.group(
    name="genzoo",
    cls=MainGroup,
    package="genzoo.cli",
    lines=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
)
@click.option(
    "--no-plugin",
    multiple=True,
    is_eager=True,
    expose_value=False,
    callback=leave_out,
    metavar="NAME",
    shell_complete=complete_plugin,
    help="Leave out an installed plugin, by its distribution; can be repeated.",
)
@click.version_option(__version__, prog_name="genzoo", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Train, sample and share generative models."""
    ctx.ensure_object(Output)
