"""The command line's entry point. Commands are imported when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

import click

import genzoo
from genzoo.cli.errors import is_clicks_own, report
from genzoo.cli.output import Output

COMMANDS = {
    "sample": "Draw samples from a model.",
    "reconstruct": "Encode images and decode them again.",
    "encode": "Turn images into latents.",
    "decode": "Turn latents into images.",
    "interpolate": "Walk from one latent to another.",
    "train": "Train a model on your own data, or go on training.",
    "models": "List the models of the zoo.",
    "architectures": "List what can be trained.",
    "objectives": "List the ways to learn.",
    "info": "Show a model, a run, an architecture or an objective.",
    "verify": "Check that a model is whole and computes what it should.",
    "plugins": "List what extends genzoo.",
}
"""Every command with its line of help; `NAME` is `genzoo.cli.NAME:command`."""


class LazyGroup(click.Group):
    """A group whose commands are stand-ins until one is called, and which explains errors."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called, and import it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name and command else command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it raises becomes a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except BaseException as error:
            if is_clicks_own(error):
                raise
            ctx.exit(report(error, ctx.ensure_object(Output)))


def load_command(name: str) -> click.Command:
    """Import a command's module."""
    return cast(click.Command, import_module(f"genzoo.cli.{name}").command)


EPILOG = (
    "Names complete in the shell after "
    "'eval \"$(_GENZOO_COMPLETE=bash_source genzoo)\"' (or zsh_source, fish_source)."
)


@click.group(
    name="genzoo",
    cls=LazyGroup,
    commands={name: click.Command(name, short_help=text) for name, text in COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
)
@click.version_option(genzoo.__version__, prog_name="genzoo", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Train, sample and share generative models."""
    ctx.ensure_object(Output)
