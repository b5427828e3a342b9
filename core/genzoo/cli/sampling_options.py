"""Options of the model that is named, for the commands that make samples with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from genzoo.cli.loaded_plugins import opened_model, plugin_registry

if TYPE_CHECKING:
    from genzoo.cli.fields import FieldOption

_META = "genzoo.sampling"
SECTION = "sampling"


class SamplingCommand(click.Command):
    """Has, beside its own, the sampling options of MODEL, its first argument.

    The model is looked at only where its options are needed: for a word that is no option of the
    command's own, and for help.
    """

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Fixed parameters, then the model's."""
        return [*super().get_params(ctx), *ctx.meta.get(_META, ())]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look which model is meant, where need be, then parse with its options too."""
        fixed = super().get_params(ctx)
        model, unknown = _scan(fixed, args)
        if model is not None and "--help" in args:
            # Help does not fail because of a model, nor wait for one to be pulled.
            with suppress(Exception):
                if _is_here(model):
                    ctx.meta[_META] = _options_of(model, fixed)
        elif model is not None and unknown and not ctx.resilient_parsing:
            ctx.meta[_META] = _options_of(model, fixed)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command with its own parameters; `given_sampling_options` has the others."""
        chosen = {}
        for option in ctx.meta.get(_META, ()):
            value = ctx.params.pop(option.name)
            if ctx.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
                chosen[option.field] = value
        ctx.meta[_META] = chosen
        return super().invoke(ctx)


def given_sampling_options() -> dict[str, Any]:
    """The sampling options that were typed, by the names of their fields."""
    chosen: dict[str, Any] = click.get_current_context().meta[_META]
    return chosen


def _options_of(model: str, fixed: Sequence[click.Parameter]) -> list[FieldOption]:
    from genzoo.cli.fields import field_options
    from genzoo.records import ArchitectureSpec
    from genzoo.registry import load_target

    opened = opened_model(model)
    record = opened.registry[ArchitectureSpec].find(opened.config.architecture).record
    config = load_target(record.config)
    taken = {flag.lstrip("-") for one in fixed for flag in (*one.opts, *one.secondary_opts)}
    starting = opened.config.config
    options = field_options(config, SECTION, taken | {"help"}, starting)
    return [option for option in options if option.field in config.sampling_options]


def _is_here(model: str) -> bool:
    """Whether a model can be looked at without pulling it."""
    from genzoo.hub.cache import find_cached
    from genzoo.hub.reference import as_reference
    from genzoo.records import ModelSpec

    catalogue = plugin_registry()[ModelSpec]
    known = {*catalogue, *catalogue.names()}
    place = catalogue.find(model).record.location if model in known else model
    reference = as_reference(place)
    if reference is None or Path(place).expanduser().is_dir():
        return True
    return find_cached(reference) is not None


def _scan(params: Sequence[click.Parameter], args: Sequence[str]) -> tuple[str | None, bool]:
    """The first word that is not an option or its value, and whether there are unknown options.

    The word behind an unknown option is taken for its value.
    """
    options = {flag: one for one in params for flag in (*one.opts, *one.secondary_opts)}
    words: list[str] = []
    unknown = False
    rest: Iterator[str] = iter(args)
    for word in rest:
        flag, has_value, _ = word.partition("=")
        option = options.get(flag)
        if word == "--":
            words += rest
        elif word == "-" or not word.startswith("-"):
            words.append(word)
        elif isinstance(option, click.Option):
            if not has_value and not option.is_flag:
                for _ in range(option.nargs):
                    next(rest, "")
        elif word.startswith("--") and word != "--help":
            unknown = True
            if not has_value:
                next(rest, "")
    return (words[0] if words else None), unknown
