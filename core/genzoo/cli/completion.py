"""What the shell offers for names. Imports no torch; a broken plugin never breaks a prompt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from genzoo.records import (
    ArchitectureSpec,
    DatasetSpec,
    FeatureSpec,
    MetricSpec,
    ModelSpec,
    ObjectiveSpec,
    Record,
)

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from genzoo.registry import Registry

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def _completer(record: type[Record], with_paths: bool) -> Completer:
    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The registered names that begin as what was typed."""
        from click.shell_completion import CompletionItem

        names = [name for name in _names(record) if name.startswith(incomplete)]
        items = [CompletionItem(name, help=summary(record, name)) for name in names]
        if record is ModelSpec:
            items += _cached(incomplete)
        if with_paths:
            items.append(CompletionItem(incomplete, type="file"))
        return items

    return complete


def complete_cached(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Models that were pulled from the Hub."""
    return _cached(incomplete)


def _cached(incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from genzoo.hub.cache import list_cached

    names = [model.name for model in list_cached()]
    return [
        CompletionItem(name, help="from the Hub") for name in names if name.startswith(incomplete)
    ]


def _registry() -> Registry:
    from genzoo.plugins.manager import default_manager

    return default_manager().registry


def _names(record: type[Record]) -> list[str]:
    return _registry()[record].names()


def summary(record: type[Record], name: str) -> str:
    """The line that describes a registered name."""
    return _registry()[record].find(name).record.summary


complete_architecture = _completer(ArchitectureSpec, with_paths=False)
complete_objective = _completer(ObjectiveSpec, with_paths=False)
complete_model = _completer(ModelSpec, with_paths=True)
complete_data = _completer(DatasetSpec, with_paths=True)


def complete_models_then_data(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """A model first; after it data, or another model."""
    found = complete_model(ctx, parameter, incomplete)
    if not ctx.params.get(parameter.name or ""):
        return found
    files = [item for item in found if item.type == "file"]
    return [*complete_data(ctx, parameter, incomplete), *(i for i in found if i not in files)]


complete_features = _completer(FeatureSpec, with_paths=False)
complete_metric = _completer(MetricSpec, with_paths=False)
