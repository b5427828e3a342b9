"""Options that mean the same in every command."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from genzoo.cli.completion import complete_data, complete_model
from genzoo.cli.printing import Output

F = TypeVar("F", bound=Callable[..., Any])


def _output_flag(*names: str, attribute: str, help: str) -> Callable[[F], F]:
    def store(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            setattr(ctx.ensure_object(Output), attribute, True)

    # Eager, so that the flag counts for errors in the options that follow.
    return click.option(
        *names, is_flag=True, is_eager=True, expose_value=False, callback=store, help=help
    )


def output_options(function: F) -> F:
    """`--json`, `-q/--quiet` and `--debug`."""
    for decorate in (
        _output_flag("--debug", attribute="debug", help="Show the traceback of an error."),
        _output_flag("-q", "--quiet", attribute="quiet", help="Print results only."),
        _output_flag("--json", attribute="json", help="Print results as JSON."),
    ):
        function = decorate(function)
    return function


class HomePath(click.Path):
    """A path in which `~` is the home folder, also where no shell has said so: `--out=~/x`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(os.path.expanduser(value), param, ctx)  # noqa: PTH111


def out_option(help: str) -> Callable[[F], F]:
    """`-o/--out`: a path."""
    return click.option("-o", "--out", type=HomePath(path_type=Path), metavar="PATH", help=help)


def count_option(default: int | None, help: str) -> Callable[[F], F]:
    """`-n/--count`: at least 1."""
    return click.option(
        "-n",
        "--count",
        type=click.IntRange(min=1),
        default=default,
        show_default=default is not None,
        help=help,
    )


def seed_option(function: F) -> F:
    """`--seed`: at least 0."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Names the sequence of samples; the same seed gives the same samples.",
    )(function)


def device_option(function: F) -> F:
    """`--device`."""
    return click.option(
        "--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, mps."
    )(function)


def batch_size_option(function: F) -> F:
    """`--batch-size`: at least 1."""
    return click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        default=64,
        show_default=True,
        help="How many to compute at once; does not change the result.",
    )(function)


def compute_options(function: F) -> F:
    """`--device`, `--precision` and `--batch-size`, for work with a finished model."""
    precision = click.option(
        "--precision",
        type=click.Choice(["auto", "fp32", "bf16"]),
        default="fp32",
        show_default=True,
        help="auto is bf16 where the hardware multiplies it natively.",
    )
    return device_option(precision(batch_size_option(function)))


label_option = click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME|INDEX",
    help="Class to sample; given several times, the classes take turns. Default: all in turn.",
)

model_argument = click.argument("model", shell_complete=complete_model)
"""A name of the zoo or of the Hub, a folder, or a run."""

data_argument = click.argument("data", shell_complete=complete_data)
"""A folder, an .npz file, or a registered name."""
