"""The judge of spoken digits tells right from wrong."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

RECIPES = Path(__file__).parents[2] / "zoo" / "recipes"


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(RECIPES))
    return import_module("judge_digits")


def tones(digits: Tensor) -> Tensor:
    """A tone of its own for each digit, (N, 8000)."""
    return 0.3 * torch.sin(2 * torch.pi * (300 + 350 * digits[:, None]) * torch.arange(8000) / 8000)


def write_digits(folder: Path) -> None:
    import soundfile

    for digit in range(10):
        tone = tones(torch.tensor([digit]))[0].numpy()
        for take in (0, *range(10, 16)):
            soundfile.write(folder / f"{digit}_kim_{take}.wav", tone[: 8000 - 100 * take], 8000)


def test_what_is_said_of_real_and_of_generated_digits_is_right(
    judge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_digits(tmp_path)
    monkeypatch.setattr(judge, "BATCH", 16)

    def sample(count: int, labels: list[str], **options: Any) -> Tensor:
        asked = torch.tensor([int(label) for label in labels])
        return tones(torch.where(asked == 9, 3, asked))[:, None]

    monkeypatch.setattr(judge, "load", lambda name: SimpleNamespace(sample=sample))
    judge.main([str(tmp_path), "-n", "20"])
    real, made = capsys.readouterr().out.splitlines()
    assert real.startswith("real digits, held out: 100.0% of 10 (0: 100.0%, ")
    assert made.startswith("digits-voice, truncation 1: 90.0% of 20 (0: 100.0%, ")
    assert made.endswith("8: 100.0%, 9: 0.0%)")


def test_a_folder_without_digits_is_refused(judge: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(SystemExit, match=r"does not hold digits such as 7_jackson_12\.wav"):
        judge.main([str(tmp_path)])
