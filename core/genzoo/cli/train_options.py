"""The options of `genzoo train`, which depend on the architecture and the objective."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.app.plan_training import kind_of_run, read_file
from genzoo.cli.loaded_plugins import opened_model, plugin_registry
from genzoo.errors import UsageError
from genzoo.records import ArchitectureSpec, KindSpec, ObjectiveSpec

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from genzoo.app.choose_recipe import Recipe
    from genzoo.app.open_model import OpenModel
    from genzoo.cli.fields import FieldOption
    from genzoo.registry import Entry, Registry

TITLES = {
    "training": "Training",
    "data": "Data",
    "architecture": "Architecture {}",
    "objective": "Objective {}",
}
_META = "genzoo.train"
_WORDS = "genzoo.train.words"

USUAL_KIND = "image"
"""Its options are listed until an architecture is named."""


@dataclass(frozen=True)
class Named:
    """What the arguments, or the file they name, say by name."""

    architecture: str | None = None
    objective: str | None = None
    data: str | None = None
    kind: str | None = None
    through: str | None = None
    start: str | None = None


@dataclass
class Choice:
    """What is to be trained and how, with the options that follow from it.

    Attributes:
        kind: What the data hold, if they are named.
        kind_name: What the user called that, if anything.
        origin: The model whose weights training begins with.
        starting: What the objective starts from: the architecture's own wishes, if it is its own.
        recipe: What says all this where the user named no architecture.
    """

    architecture: Entry[ArchitectureSpec] | None = None
    objective: Entry[ObjectiveSpec] | None = None
    kind: Entry[KindSpec] | None = None
    kind_name: str | None = None
    origin: OpenModel | None = None
    starting: dict[str, Any] = field(default_factory=dict)
    options: list[FieldOption] = field(default_factory=list)
    recipe: Recipe | None = None


class TrainCommand(click.Command):
    """Has the options of its own and those of the architecture named among its arguments."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Fixed parameters, then an option for each field."""
        return [*super().get_params(ctx), *choice_of(ctx).options]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look which architecture is meant, then parse with its options too."""
        ctx.meta[_META] = Choice()
        if not ctx.resilient_parsing:
            _choose(self, args, ctx.meta[_META], opened_model)
        elif any(word.startswith("-") for word in args):
            self._choose_quietly(ctx, args)
        else:
            # Words complete without the options, which take pydantic and so 0.1 s to list.
            ctx.meta[_WORDS] = list(args)
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Options, among them those of the architecture that is named, when one is begun."""
        if incomplete.startswith("-") and _WORDS in ctx.meta:
            self._choose_quietly(ctx, ctx.meta[_WORDS])
        return super().shell_complete(ctx, incomplete)

    def _choose_quietly(self, ctx: click.Context, args: Sequence[str]) -> None:
        """While the shell completes, what is not known yet, or broken, is simply not offered."""
        with suppress(Exception), ctx.scope(cleanup=False):
            _choose(self, args, ctx.meta[_META])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options in groups."""
        choice = choice_of(ctx)
        dynamic = set(map(id, choice.options))
        fixed = [
            param
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and id(param) not in dynamic
        ]
        _write_group(ctx, formatter, "Options", fixed)
        for section, title in TITLES.items():
            entry = getattr(choice, section, None)
            options = [option for option in choice.options if option.section == section]
            _write_group(ctx, formatter, title.format(entry.record.name if entry else ""), options)


def choice_of(ctx: click.Context) -> Choice:
    """What the arguments of the running `genzoo train` named."""
    choice: Choice = ctx.meta.get(_META, Choice())
    return choice


def _choose(
    command: click.Command,
    args: Sequence[str],
    choice: Choice,
    opened: Callable[[str], OpenModel] | None = None,
) -> None:
    """Fill `choice` from unparsed arguments, as far as it goes.

    Args:
        command: The command.
        args: The arguments.
        choice: What is to be filled.
        opened: Finds the model to begin with; by default it is not looked for.

    Raises:
        UsageError: No such architecture, objective or file.
    """
    from genzoo.app.choose_recipe import choose_recipe
    from genzoo.cli.fields import field_options
    from genzoo.registry import load_target
    from genzoo.training.training_config import DataConfig, TrainingConfig

    taken = _flags(command.params) | {"help"}
    choice.options += field_options(TrainingConfig, "training", taken)
    sources = field_options(DataConfig, "data", taken)
    choice.options += [option for option in sources if option.field not in ("data", "options")]

    registry = plugin_registry()
    named = _named([*command.params, *choice.options], args, registry)
    entry = None
    if named.start is not None and opened is not None:
        choice.origin = opened(named.start)
    if named.architecture is not None:
        entry = choice.architecture = registry[ArchitectureSpec].find(named.architecture)
    elif choice.origin is not None:
        from genzoo.app.starting_model import architecture_of

        entry = choice.architecture = architecture_of(choice.origin)
    elif named.data is not None and named.start is None:
        recipe = choice.recipe = choose_recipe(registry, named.data, named.kind)
        entry = choice.architecture = recipe.architecture
    choice.kind_name = named.kind
    content = choice.kind = (
        choice.recipe.kind
        if choice.recipe is not None and named.through is None
        else _find_kind(registry, entry, named)
    )
    if content is not None:
        choice.options += field_options(load_target(content.record.config), "data", taken)
    if entry is not None:
        same = choice.origin is not None and choice.origin.config.architecture == entry.full_name
        own = choice.origin.config.config if choice.origin is not None and same else {}
        config = load_target(entry.record.config)
        choice.options += field_options(config, "architecture", taken, own)
    goal = choice.objective = _find_objective(registry, entry, named.objective, choice.recipe)
    if goal is not None:
        if entry is not None and registry.is_own_objective(entry, goal):
            choice.starting = dict(entry.record.objective_defaults)
        kind = load_target(goal.record.config)
        choice.options += field_options(kind, "objective", taken, choice.starting)


def _flags(params: Sequence[click.Parameter]) -> set[str]:
    return {
        name.lstrip("-")
        for param in params
        if isinstance(param, click.Option)
        for name in (*param.opts, *param.secondary_opts)
    }


def _named(params: Sequence[click.Parameter], args: Sequence[str], registry: Registry) -> Named:
    """Names among the arguments, else in the file they name."""
    words, given = _scan(params, args, registry)
    if "--resume" in given:
        return Named()
    file = read_file(Path(given["--config"])) if "--config" in given else {}
    data, start = file.get("data", {}), given.get("--from")
    architecture = file.get("architecture", {}).get("name")
    if words and words[0] not in _architectures(registry):
        if start is not None:
            # The model says what is trained, unless the file does.
            words = [architecture or "", words[-1]]
        elif len(words) == 1 and architecture is None:
            # A recipe does.
            words = ["", *words]
    return Named(
        (words[0] or None) if words else architecture,
        given.get("--objective") or file.get("objective", {}).get("name"),
        words[1] if len(words) > 1 else data.get("data"),
        given.get("--kind") or data.get("kind"),
        given.get("--through") or data.get("through"),
        start,
    )


def _find_kind(
    registry: Registry, entry: Entry[ArchitectureSpec] | None, named: Named
) -> Entry[KindSpec] | None:
    """The kind whose options apply; None where the data, which decide it, are not named yet."""
    if entry is None:
        return registry[KindSpec].find(named.kind or USUAL_KIND)
    try:
        options = {"kind": named.kind, "through": named.through}
        return kind_of_run(registry, entry, named.data, options)
    except UsageError:
        if named.data is None and named.kind is None:
            return None
        raise


def _find_objective(
    registry: Registry,
    entry: Entry[ArchitectureSpec] | None,
    name: str | None,
    recipe: Recipe | None,
) -> Entry[ObjectiveSpec] | None:
    if name is not None:
        return registry[ObjectiveSpec].find(name, near=entry.distribution if entry else "")
    if recipe is not None:
        return recipe.objective
    return registry.objective_of(entry) if entry else None


def _scan(
    params: Sequence[click.Parameter], args: Sequence[str], registry: Registry
) -> tuple[list[str], dict[str, str]]:
    """Words that are not options, and the values of the known options by their long flags.

    The options of architectures and objectives are not known yet: a word behind one is taken for
    its value, unless it names an architecture.
    """
    names = _architectures(registry)
    options = {flag: p for p in params for flag in (*p.opts, *p.secondary_opts)}
    words: list[str] = []
    given: dict[str, str] = {}
    rest = iter(args)
    for word in rest:
        flag, has_value, value = word.partition("=")
        option = options.get(flag)
        if word == "--":
            words += rest
        elif not word.startswith("-"):
            words.append(word)
        elif isinstance(option, click.Option):
            if not has_value and not option.is_flag:
                value, *_ = [next(rest, "") for _ in range(option.nargs)]
            given[option.opts[-1]] = value
        elif not has_value and word.startswith("--") and word != "--help":
            value = next(rest, "")
            words += [value] if value in names else []
    return words, given


def _architectures(registry: Registry) -> set[str]:
    """All names, short ones and full ones."""
    return {*registry[ArchitectureSpec], *registry[ArchitectureSpec].names()}


def _write_group(
    ctx: click.Context,
    formatter: click.HelpFormatter,
    title: str,
    params: Sequence[click.Parameter],
) -> None:
    records = [record for param in params if (record := param.get_help_record(ctx)) is not None]
    if records:
        with formatter.section(title):
            formatter.write_dl(records)
