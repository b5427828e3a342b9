# mypy: disable-error-code="empty-body"
"""The hooks that a plugin may implement.

Those of `RecordHooks` return plain records: importing a plugin must not import torch. Those of
`EventHooks` are told what happens in a training run; each may ask for the arguments it needs and
leave out the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from genzoo.interfaces.run_description import RunDescription
    from genzoo.records import (
        ArchitectureSpec,
        CommandSpec,
        DatasetSpec,
        FeatureSpec,
        FormatSpec,
        KindSpec,
        MetricSpec,
        ModelSpec,
        ObjectiveSpec,
        PriorSpec,
        TrackerSpec,
    )

PROJECT = "genzoo"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class RecordHooks:
    """Hooks that register something, with the version that added each."""

    @hookspec
    def genzoo_architectures(self) -> Iterable[ArchitectureSpec]:
        """Recipes for networks. Since 0.1."""

    @hookspec
    def genzoo_objectives(self) -> Iterable[ObjectiveSpec]:
        """Ways to learn. Since 0.1."""

    @hookspec
    def genzoo_priors(self) -> Iterable[PriorSpec]:
        """Latent distributions to fit after training. Since 0.1."""

    @hookspec
    def genzoo_datasets(self) -> Iterable[DatasetSpec]:
        """Data sets known by name. Since 0.1."""

    @hookspec
    def genzoo_models(self) -> Iterable[ModelSpec]:
        """Pretrained models for the zoo. Since 0.1."""

    @hookspec
    def genzoo_formats(self) -> Iterable[FormatSpec]:
        """Forms in which other software keeps models. Since 0.1."""

    @hookspec
    def genzoo_kinds(self) -> Iterable[KindSpec]:
        """Kinds of content: how samples are read, kept, shown and written. Since 0.1."""

    @hookspec
    def genzoo_metrics(self) -> Iterable[MetricSpec]:
        """Ways to judge a model. Since 0.1."""

    @hookspec
    def genzoo_features(self) -> Iterable[FeatureSpec]:
        """Feature spaces to compare samples and data in. Since 0.1."""

    @hookspec
    def genzoo_trackers(self) -> Iterable[TrackerSpec]:
        """Places where metrics go while training. Since 0.1."""

    @hookspec
    def genzoo_commands(self) -> Iterable[CommandSpec]:
        """Commands of the command line. Since 0.1."""


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
