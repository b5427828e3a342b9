"""Samples out of files, and their classes."""

from __future__ import annotations

from pathlib import Path

import lines_kind
import numpy as np
import pytest

from genzoo.app.read_and_save_samples import read_inputs
from genzoo.errors import UsageError
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.registry import Registry
from genzoo.specs import SampleSpec

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


@pytest.mark.parametrize(
    ("count", "places"), [(4, [0, 16, 32, 48]), (3, [0, 21, 42]), (None, list(range(0, 64, 2)))]
)
def test_samples_of_a_data_set_are_spread_evenly_over_it(
    tmp_path: Path, count: int | None, places: list[int]
) -> None:
    """Data that is sorted by class would show the first one alone."""
    pictures = np.arange(64, dtype=np.uint8).reshape(-1, 1, 1, 1).repeat(8, 1).repeat(8, 2)
    np.savez(tmp_path / "data.npz", images=pictures.repeat(3, 3))
    found = read_inputs(
        (str(tmp_path / "data.npz"),),
        ImageKind(ImageOptions(size=8)),
        SampleSpec(shape=(3, 8, 8)),
        Registry(),
        count,
        (),
    )
    assert ((found.x[:, 0, 0, 0] + 1) * 127.5).round().int().tolist() == places
