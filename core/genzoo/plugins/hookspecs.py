# mypy: disable-error-code="empty-body"
"""The hooks that a plugin may implement.

Those of `RecordHooks` return plain records: importing a plugin must not import torch. Those of
`EventHooks` are told what happens in a training run; each may ask for the arguments it needs and
leave out the others.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from genzoo.records import RECORDS, Record

if TYPE_CHECKING:
    from genzoo.interfaces.tracker import RunDescription

PROJECT = "genzoo"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


def _record_hook(record: type[Record]) -> Callable[[object], Iterable[Record]]:
    """The specification of the hook whose plugins return such records."""

    def hook(self: object) -> Iterable[Record]:
        raise NotImplementedError

    hook.__name__ = record.hook
    # pluggy leaves out `self` of what looks like a method.
    hook.__qualname__ = f"RecordHooks.{record.hook}"
    hook.__doc__ = f"{inspect.getdoc(record)} Since {record.since}."
    hook.__annotations__ = {"return": f"Iterable[{record.__name__}]"}
    return hookspec(hook)


RECORD_HOOKS: dict[str, type[Record]] = {record.hook: record for record in RECORDS}
"""Hooks that register something, each with what it returns."""

RecordHooks = type(
    "RecordHooks", (), {name: _record_hook(one) for name, one in RECORD_HOOKS.items()}
)


class EventHooks:
    """Hooks that hear of a training run, with the version that added each."""

    @hookspec
    def genzoo_run_started(self, run: RunDescription, step: int) -> None:
        """A run begins, or goes on. Since 0.1."""

    @hookspec
    def genzoo_step_ended(self, run: RunDescription, step: int) -> None:
        """`step` training steps are complete. Called after each, so it must be quick. Since 0.1."""

    @hookspec
    def genzoo_metrics_measured(
        self, run: RunDescription, step: int, metrics: Mapping[str, float]
    ) -> None:
        """Means of the losses since the last call, as in `metrics.jsonl`. Since 0.1."""

    @hookspec
    def genzoo_snapshot_saved(self, run: RunDescription, step: int, path: Path) -> None:
        """Samples from the fixed latents were written to `path`. Since 0.1."""

    @hookspec
    def genzoo_checkpoint_saved(self, run: RunDescription, step: int, path: Path) -> None:
        """A checkpoint, and the artifact beside it, are complete. Since 0.1."""

    @hookspec
    def genzoo_run_ended(
        self, run: RunDescription, step: int, interrupted: bool, error: str
    ) -> None:
        """The run reached its last step, was interrupted, or failed with `error`. Since 0.1.

        `error` is the exception in one line, and empty for a run that did not fail.
        """


EVENT_HOOKS = tuple(name for name in vars(EventHooks) if name.startswith("genzoo_"))
"""Hooks that hear of a training run."""
