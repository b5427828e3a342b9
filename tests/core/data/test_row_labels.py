"""Classes that the content of files says itself."""

from __future__ import annotations

from pathlib import Path

import lines_kind
import numpy as np
import pytest

from genzoo import UsageError
from genzoo.data.decoder_pool import Decoders
from genzoo.data.decoding import attempt
from genzoo.data.open_dataset import open_dataset
from genzoo.interfaces.decoded import Decoded, UndecodableError

KIND = lines_kind.LinesKind(lines_kind.LineOptions())


def written(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def test_rows_that_say_their_class_are_labelled_by_it(tmp_path: Path) -> None:
    one, two = "kim\tshort\nmaria\tlong\n", "anna\tlong\ntom\tshort\n"
    folder = written(tmp_path / "a", one=one, two=two)
    for _ in range(2):  # decoded, then from the cache
        data = open_dataset(folder, KIND, conditional=True)
        assert data.classes == data.spec.classes == ("long", "short")
        assert data.labels is not None
        assert data.labels.tolist() == [1, 0, 0, 1]


def test_what_a_row_says_goes_before_its_folder(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", x__one="kim\tshort\nmaria\tlong\n", y__two="anna\tlong\n")
    assert open_dataset(folder, KIND).classes == ("long", "short")


def test_without_a_word_of_the_rows_folders_are_classes(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", x__one="kim\nmaria\n", y__two="anna\n")
    data = open_dataset(folder, KIND)
    assert data.classes == ("x", "y")
    assert data.labels is not None
    assert data.labels.tolist() == [0, 0, 1]


def test_where_only_some_say_their_class_there_are_none(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", one="kim\tshort\n", two="anna\ntom\n")
    data = open_dataset(folder, KIND)
    assert (data.labels, data.classes) == (None, ())
    assert "No labels: 2 of 3 lines do not say their class." in data.notes
    with pytest.raises(UsageError, match="no labels to be conditional on"):
        open_dataset(folder, KIND, conditional=True)


class Shouting(lines_kind.LinesKind):
    """Tells of files that it had to read twice."""

    __module__ = "another_package"

    def decode(self, path: Path) -> Decoded:
        found = super().decode(path)
        loud = ("Lowered {}.",) if path.read_text().isupper() else ()
        return Decoded(found.rows, loud, found.labels)


def test_what_was_done_to_a_file_is_counted_by_its_rows(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", one="KIM\nMARIA\nTOM\n", two="anna\nsue\n", three="ROB\n")
    data = open_dataset(folder, Shouting(KIND.config))
    assert len(data) == 6
    assert [note for note in data.notes if "Lowered" in note] == ["Lowered 4 lines."]


def test_labels_are_one_for_each_row_or_none(tmp_path: Path) -> None:
    class Wrong(lines_kind.LinesKind):
        def decode(self, path: Path) -> Decoded:
            return Decoded(np.zeros((3, 8), np.uint8), labels=("a", "b"))

    outcome = attempt(Wrong(KIND.config), tmp_path)
    assert isinstance(outcome, UndecodableError)
    assert str(outcome) == "the kind lines made 2 labels for 3 rows"


def test_labels_come_back_from_decoding_processes(tmp_path: Path) -> None:
    path = written(tmp_path, one="kim\tshört\nmaria\tlong\n") / "one.tsv"
    decoders = Decoders(lambda position: path, KIND, 1)
    try:
        (outcome,) = decoders.submit([0]).result()
    finally:
        decoders.close()
    assert isinstance(outcome, Decoded)
    assert outcome.labels == ("shört", "long")
    assert len(outcome.rows) == 2
