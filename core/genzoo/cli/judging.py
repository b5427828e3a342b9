"""From what was typed to the record of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genzoo.cli.computing import kind_of
from genzoo.cli.output import output
from genzoo.cli.plugged import plugged_registry
from genzoo.cli.stages import Stage, stages

if TYPE_CHECKING:
    from genzoo.data.dataset import Dataset
    from genzoo.evaluation.record import EvaluationRecord
    from genzoo.evaluation.run import Plan
    from genzoo.evaluation.subject import Settings, Subject
    from genzoo.interfaces.kind import Kind
    from genzoo.specs import SampleSpec


@dataclass(frozen=True)
class Request:
    """A model, what to judge it by, and how.

    Attributes:
        stream: Whether the data are decoded as they are used, without a copy on the disk.
    """

    model: str
    data: str
    held_out: str | None
    settings: Settings
    plan: Plan
    device: str
    stream: bool = False

    def run(self, expected: EvaluationRecord | None = None) -> tuple[EvaluationRecord, Subject]:
        """Measure, with a bar for each stage.

        Args:
            expected: A record whose model and data these must be.

        Raises:
            GenzooError: Something does not fit; that is said before anything is measured.
        """
        from genzoo.api import load
        from genzoo.evaluation.reproduce import check_unchanged
        from genzoo.evaluation.run import evaluate_model
        from genzoo.training.hardware import choose_device

        registry = plugged_registry()
        model = load(self.model, device=str(choose_device(self.device)), registry=registry)
        with stages(output()) as stage:
            kind, spec = kind_of(self.model, registry), model.sample_spec
            data = _open(self.data, kind, spec, True, stage, self.stream)
            unseen = self.held_out and _open(self.held_out, kind, spec, False, stage, self.stream)
            if expected is not None:
                check_unchanged(expected, model, data)
            return evaluate_model(
                model,
                self.model,
                data,
                self.settings,
                self.plan,
                registry,
                held_out=unseen or None,
                progress=stage,
            )


def _open(
    name: str, kind: Kind, spec: SampleSpec, labelled: bool, stage: Stage, stream: bool
) -> Dataset:
    from genzoo.evaluation.data import open_beside

    def decoding(done: int, total: int) -> None:
        stage(f"Reading {name}", done, total)

    dataset = open_beside(
        name,
        kind,
        spec,
        plugged_registry(),
        labelled=labelled,
        decoding=decoding,
        stream=stream,
        note=output().note,
    )
    for note in dataset.notes:
        output().note(note)
    return dataset
