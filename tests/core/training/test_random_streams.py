"""Every random stream of a run differs from every other where it should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genzoo.interfaces.training_step import Step
from genzoo.training.begin_and_resume import resume_run, train_run


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, tuple[Any, ...], tuple[float, ...]]]:
    """For each stream that a run opens: its batch, its name and size, and its first numbers."""
    found: list[tuple[int, tuple[Any, ...], tuple[float, ...]]] = []
    open_noise, batches = Step._open_noise, []

    def opening(self: Step, name: str, rows: int) -> Any:
        first = open_noise(self, name, rows).normal(2)[0]
        batches.append(self)  # Kept, so that no other batch gets its identity.
        found.append((id(self), (self.index, name, rows), tuple(first.tolist())))
        return open_noise(self, name, rows)

    monkeypatch.setattr(Step, "_open_noise", opening)
    return found


def test_all_moves_and_micro_batches_of_a_step_draw_other_numbers(
    tmp_path: Path, registry: Any, make_plan: Any, drawn: list[Any]
) -> None:
    train_run(make_plan("toy-gan", steps=4, accumulate=3), tmp_path / "run", registry)
    of_first_step = {batch for batch, (step, _, _), _ in drawn if step == 0}
    # The discriminator moves twice a step, over three micro-batches each; the generator once.
    assert len(of_first_step) >= 6
    assert len({numbers for _, _, numbers in drawn}) == len(drawn)


def test_another_seed_draws_other_numbers_and_a_resumed_run_the_same(
    tmp_path: Path, registry: Any, make_plan: Any, drawn: list[Any]
) -> None:
    def numbers() -> list[Any]:
        taken = [each[1:] for each in drawn]
        drawn.clear()
        return taken

    train_run(make_plan("toy-gan", steps=4), tmp_path / "whole", registry)
    whole = numbers()
    train_run(make_plan("toy-gan", steps=4, seed=1), tmp_path / "other", registry)
    assert not {each[1] for each in whole} & {each[1] for each in numbers()}
    train_run(make_plan("toy-gan", steps=2), tmp_path / "parted", registry)
    resume_run(tmp_path / "parted", registry, changes={"steps": 4})
    assert numbers() == whole
