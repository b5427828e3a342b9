"""Samples out of files, and their classes."""

from __future__ import annotations

from pathlib import Path

import lines_kind
import pytest

from genzoo.app.read_and_save_samples import read_inputs
from genzoo.errors import UsageError
from genzoo.registry import Registry

KIND = lines_kind.LinesKind(lines_kind.LineOptions())
SPEC = KIND.spec(("long", "short"))


def read(*files: Path, labels: tuple[str, ...] = (), count: int | None = None) -> list[int] | None:
    return read_inputs(tuple(map(str, files)), KIND, SPEC, Registry(), count, labels).labels


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    one, two = tmp_path / "one.tsv", tmp_path / "two.tsv"
    one.write_text("kim\tshort\nmaria\tlong\n")
    two.write_text("anna\tlong\n")
    return one, two


def test_classes_that_files_say_themselves_need_no_label(files: tuple[Path, Path]) -> None:
    assert read(files[0]) == [1, 0]
    assert read(*files) == [1, 0, 0]
    assert read(files[0], count=1) == [1]


def test_a_label_goes_before_what_files_say(files: tuple[Path, Path]) -> None:
    assert read(*files, labels=("short",)) == [1, 1, 1]


@pytest.mark.parametrize("text", ["anna\n", "anna\tmiddling\n"])
def test_where_one_file_says_no_class_of_the_model_a_label_is_asked_for(
    files: tuple[Path, Path], text: str
) -> None:
    files[1].write_text(text)
    with pytest.raises(UsageError, match="those of the lines are not known") as caught:
        read(*files)
    assert "--label" in caught.value.hint
