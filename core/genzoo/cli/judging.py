"""From what was typed to the record of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genzoo.cli.computing import kind_of
from genzoo.cli.output import output
from genzoo.cli.plugin_registry import plugin_registry
from genzoo.cli.stage_progress import Stage, stages
from genzoo.cli.torchrun import torchrun_processes

if TYPE_CHECKING:
    from pathlib import Path

    from genzoo.data.dataset import Dataset
    from genzoo.distributed.process_group import ProcessGroup
    from genzoo.evaluation.evaluate import Evaluation, Plan
    from genzoo.evaluation.record import EvaluationRecord
    from genzoo.evaluation.subject import Settings
    from genzoo.interfaces.kind import Kind
    from genzoo.specs import SampleSpec


@dataclass(frozen=True)
class Request:
    """A model, what to judge it by, and how.

    Attributes:
        pictures: Where to write a page of samples beside the training images nearest to them.
        stream: Whether the data are decoded as they are used, without a copy on the disk.
        max_pixels: Images of more are left out; None for as many as the model was trained with.
    """

    model: str
    data: str
    held_out: str | None
    settings: Settings
    plan: Plan
    device: str
    pictures: Path | None = None
    stream: bool = False
    max_pixels: int | None = None

    def run(self, expected: EvaluationRecord | None = None) -> EvaluationRecord | None:
        """Measure, with a bar for each stage; several processes share the work.

        Args:
            expected: A record whose model and data these must be.

        Returns:
            The record, in the process that leads; None in the others.

        Raises:
            GenzooError: Something does not fit; that is said before anything is measured.
        """
        with torchrun_processes() as processes, stages(output()) as stage:
            evaluation = self._open(processes, stage, expected)
            if not processes.is_main:
                evaluation.subject.assist()
                return None
            record = evaluation.measure(self.model)
            if self.pictures is not None:
                from genzoo.evaluation.nearest_images_page import save_pictures

                output().note(f"Pictures: {save_pictures(evaluation.subject, self.pictures)}")
            evaluation.subject.dismiss()
            return record

    def _open(
        self, processes: ProcessGroup, stage: Stage, expected: EvaluationRecord | None
    ) -> Evaluation:
        from genzoo.api import load
        from genzoo.evaluation.evaluate import check_request, open_evaluation
        from genzoo.evaluation.reproduce import check_unchanged
        from genzoo.media.image_kind import with_max_pixels
        from genzoo.training.hardware import choose_device

        registry = plugin_registry()
        device = str(choose_device(processes.device(self.device)))
        model = load(self.model, device=device, registry=registry)
        kind = with_max_pixels(kind_of(self.model, registry), self.max_pixels)
        spec = model.sample_spec
        check_request(model, kind, self.settings, self.plan, registry)
        with processes.one_by_one():
            data = _open(self.data, kind, spec, True, stage, self.stream)
            unseen = self.held_out and _open(self.held_out, kind, spec, False, stage, self.stream)
        if expected is not None:
            check_unchanged(expected, model, data)
        return open_evaluation(
            model,
            data,
            self.settings,
            self.plan,
            registry,
            held_out=unseen or None,
            progress=stage,
            processes=processes,
        )


def _open(
    name: str, kind: Kind, spec: SampleSpec, labelled: bool, stage: Stage, stream: bool
) -> Dataset:
    from genzoo.evaluation.open_data import open_beside

    def decoding(done: int, total: int) -> None:
        stage(f"Reading {name}", done, total)

    dataset = open_beside(
        name,
        kind,
        spec,
        plugin_registry(),
        labelled=labelled,
        decoding=decoding,
        stream=stream,
        note=output().note,
    )
    for note in dataset.notes:
        output().note(note)
    return dataset
