"""From the fields of a configuration to options of the command line. Imports no torch."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from genzoo.registry import load_target
from genzoo.specs import Config

_METAVARS = {int: "INTEGER", float: "NUMBER", str: "TEXT"}


class FieldOption(click.Option):
    """An option that stands for one field of one section of a run's plan.

    Its value is absent unless it was given, so that files and defaults can fill in.

    Attributes:
        section: `training`, `data`, `architecture` or `objective`.
        field: Name of the field.
    """

    def __init__(self, section: str, field: str, flag: str, info: FieldInfo, default: Any) -> None:
        settings = _settings(info)
        boolean = settings.get("type") is click.BOOL
        declaration = f"--{flag}/--no-{flag}" if boolean else f"--{flag}"
        super().__init__(
            [f"{section}__{field}", declaration],
            default=None,
            help=info.description or "",
            hidden=_is_hidden(info),
            **({} if boolean else settings),
        )
        self.section = section
        self.field = field
        self.flag = flag
        self._shown = default

    def get_help_extra(self, ctx: click.Context) -> Any:
        """Bounds from the type, and the default that the field would take."""
        extra = super().get_help_extra(ctx)
        if self._shown is not None:
            extra["default"] = _readable(self._shown)
        return extra

    def parse(self, text: str, ctx: click.Context) -> Any:
        """The value that `text` means, as in `--set name=text`.

        Raises:
            click.BadParameter: It is none that the option takes.
        """
        kind = click.BOOL if self.is_bool_flag else self.type
        if self.nargs == 1 and not self.multiple:
            return kind.convert(text, self, ctx)
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if self.nargs > 1 and len(parts) != self.nargs:
            raise click.BadParameter(f"takes {self.nargs} values, as in a,b", ctx, self)
        if isinstance(kind, click.Tuple):
            return kind.convert(parts, self, ctx)
        return tuple(kind.convert(part, self, ctx) for part in parts)


def field_options(
    kind: type[Config], section: str, taken: set[str], starting: Mapping[str, Any] | None = None
) -> list[FieldOption]:
    """An option for each field of a configuration.

    A flag that is taken is prefixed by the section, as in `--objective-steps`.

    Args:
        kind: The configuration.
        section: Where its values belong.
        taken: Flags in use; those of the new options are added.
        starting: Values that take the place of the fields' defaults.
    """
    options = []
    for name, info in kind.model_fields.items():
        flag = name.replace("_", "-")
        if {flag, f"no-{flag}"} & taken:
            flag = f"{section}-{flag}"
        taken |= {flag, f"no-{flag}"}
        default = (starting or {}).get(name, info.default)
        shown = None if default is PydanticUndefined else default
        options.append(FieldOption(section, name, flag, info, shown))
    return options


def _is_hidden(info: FieldInfo) -> bool:
    """Whether help leaves it out: `Field(..., json_schema_extra={"hidden": True})`."""
    extra = info.json_schema_extra
    return isinstance(extra, Mapping) and bool(extra.get("hidden"))


def describe_config(target: str) -> dict[str, Any]:
    """Names and defaults of the fields of a configuration named as `module:attribute`."""
    kind: type[Config] = load_target(target)
    return {
        name: None if info.is_required() else info.get_default(call_default_factory=True)
        for name, info in kind.model_fields.items()
    }


def _settings(info: FieldInfo) -> dict[str, Any]:
    """Keyword arguments of `click.Option` for a field."""
    kind, bounds = _unwrap(info.annotation, list(info.metadata))
    if get_origin(kind) is tuple:
        return _tuple_settings(get_args(kind))
    return {"type": _click_type(kind, bounds), "metavar": _METAVARS.get(kind)}


def _tuple_settings(items: tuple[Any, ...]) -> dict[str, Any]:
    kinds = [_unwrap(item, []) for item in items if item is not ...]
    parts = [_click_type(kind, bounds) for kind, bounds in kinds]
    metavar = " ".join(_METAVARS.get(kind, "TEXT") for kind, _ in kinds)
    if ... in items:
        return {"type": parts[0], "multiple": True, "metavar": f"{metavar}..."}
    return {"type": click.Tuple(parts), "nargs": len(parts), "metavar": metavar}


def _unwrap(annotation: Any, bounds: list[Any]) -> tuple[Any, list[Any]]:
    """Look through `Annotated` and `| None`, gathering bounds on the way."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        for item in metadata:
            bounds = bounds + (list(item.metadata) if isinstance(item, FieldInfo) else [item])
        return _unwrap(inner, bounds)
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return _unwrap(members[0], bounds)
    return annotation, bounds


def _click_type(kind: Any, bounds: list[Any]) -> click.ParamType[Any]:
    if kind is bool:
        return click.BOOL
    if get_origin(kind) is Literal:
        return click.Choice(list(get_args(kind)))
    limits = _range(bounds)
    if kind is int:
        return click.IntRange(**limits) if limits else click.INT
    if kind is float:
        return click.FloatRange(**limits) if limits else click.FLOAT
    return click.STRING


def _range(bounds: list[Any]) -> dict[str, Any]:
    """Bounds such as pydantic keeps them: objects with one of the attributes ge, gt, le, lt."""
    found: dict[str, Any] = {}
    for bound in bounds:
        for attribute, side in (("ge", "min"), ("gt", "min"), ("le", "max"), ("lt", "max")):
            limit = getattr(bound, attribute, None)
            if limit is not None:
                found |= {side: limit, f"{side}_open": attribute in ("gt", "lt")}
    return found


def _readable(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, list)):
        return " ".join(map(str, value))
    return str(value)
