"""Files that hold several rows each, decoded when asked for."""

from __future__ import annotations

from pathlib import Path

import lines_kind
import numpy as np
import pytest

from genzoo.data import streamed_files, streamed_rows
from genzoo.data.batch_stream import BatchStream
from genzoo.data.change_detection import DataWatch
from genzoo.data.dataset import Dataset
from genzoo.data.open_dataset import open_dataset
from genzoo.data.streamed_files import StreamedFiles
from genzoo.errors import DataError, UsageError

KIND = lines_kind.LinesKind(lines_kind.LineOptions())


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(streamed_rows, "_share_of_cores", lambda: 0)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are decoded from now on."""
    names: list[str] = []
    real = lines_kind.LinesKind.decode

    def decode(self: lines_kind.LinesKind, path: Path) -> object:
        names.append(path.name)
        return real(self, path)

    monkeypatch.setattr(lines_kind.LinesKind, "decode", decode)
    return names


def folder(place: Path, files: int = 12, lines: int = 5, tab: bool = False) -> Path:
    place.mkdir()
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(files):
        texts = [letters[number] + letters[line] for line in range(lines + number % 3)]
        ends = [f"\t{'odd' if line % 2 else 'even'}" if tab else "" for line in range(len(texts))]
        text = "".join(f"{one}{end}\n" for one, end in zip(texts, ends, strict=True))
        (place / f"{number:02d}.tsv").write_text(text)
    return place


def both(place: Path, **options: object) -> tuple[Dataset, Dataset]:
    kept = open_dataset(place, KIND, **options)
    return kept, open_dataset(place, KIND, stream=True, **options)


def rows_of(data: Dataset, indices: np.ndarray) -> list[list[int]]:
    return data.batch(indices, data.spec)[0].tolist()


@pytest.mark.parametrize("workers", [0, 2])
def test_streamed_rows_are_those_of_the_decoded_copy_in_any_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(streamed_rows, "_share_of_cores", lambda: workers)
    kept, streamed = both(folder(tmp_path / "a"))
    assert len(streamed) == len(kept) == 72
    order = np.random.default_rng(0).permutation(len(kept))
    assert rows_of(streamed, order) == rows_of(kept, order)
    assert rows_of(streamed, np.array([71, 0, 71])) == rows_of(kept, np.array([71, 0, 71]))
    with pytest.raises(IndexError):
        streamed.rows.read(np.array([72]))


def test_one_file_of_many_rows_is_streamed_in_the_order_of_its_decoded_copy(
    tmp_path: Path,
) -> None:
    kept, streamed = both(folder(tmp_path / "a", files=1, lines=20) / "00.tsv")
    assert streamed.blocks is kept.blocks is None
    assert rows_of(streamed, np.arange(20)) == rows_of(kept, np.arange(20))


def test_classes_that_rows_say_are_known_without_decoding(tmp_path: Path) -> None:
    kept, streamed = both(folder(tmp_path / "a", tab=True), conditional=True)
    assert streamed.classes == kept.classes == ("even", "odd")
    assert streamed.labels is not None
    assert kept.labels is not None
    assert streamed.labels.tolist() == kept.labels.tolist()
    place = folder(tmp_path / "b")
    with pytest.raises(UsageError, match="no labels to be conditional on"):
        open_dataset(place, KIND, stream=True, conditional=True)


def test_files_are_counted_once_and_again_when_one_changes(
    tmp_path: Path, decoded: list[str]
) -> None:
    place = folder(tmp_path / "a")
    open_dataset(place, KIND, stream=True)
    assert set(decoded) == {f"{number:02d}.tsv" for number in range(12)}
    decoded.clear()
    open_dataset(place, KIND, stream=True)
    assert decoded == []
    (place / "03.tsv").write_text("xx\nyy\n")
    assert len(open_dataset(place, KIND, stream=True)) == 72 - 5 + 2


def test_an_epoch_decodes_each_file_about_once_however_many_there_are(
    tmp_path: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed_files, "AT_HAND", 0)
    data = open_dataset(folder(tmp_path / "a", files=26), KIND, stream=True, window=3)
    assert isinstance(data.rows, StreamedFiles)
    assert data.blocks is not None
    assert data.blocks.window == 3
    stream = BatchStream(len(data), seed=1, blocks=data.blocks)
    decoded.clear()
    seen = []
    for start in range(0, len(data), 7):
        count = min(7, len(data) - start)
        data.prepare(stream.blocks_from(start))
        seen += rows_of(data, stream.take(start, count))
        assert len(data.rows._held) <= 6
    assert len({tuple(row) for row in seen}) == len(data)
    assert sorted(decoded) == [f"{number:02d}.tsv" for number in range(26)]


def test_small_files_are_mixed_as_a_whole(tmp_path: Path, decoded: list[str]) -> None:
    data = open_dataset(folder(tmp_path / "a", files=26), KIND, stream=True, window=1)
    assert data.blocks is None
    decoded.clear()
    for _ in range(2):
        rows_of(data, np.random.default_rng(0).permutation(len(data)))
    assert len(decoded) == 26


def test_what_cannot_be_read_is_named_and_has_no_rows(tmp_path: Path) -> None:
    place = folder(tmp_path / "a", files=3)
    (place / "01.tsv").write_text("")
    kept, streamed = both(place)
    assert len(streamed) == len(kept) == 12
    assert streamed.notes == kept.notes
    assert "Skipped 1 file" in streamed.notes[0]
    assert rows_of(streamed, np.arange(12)) == rows_of(kept, np.arange(12))


def test_a_file_that_changes_while_it_is_streamed_is_told(tmp_path: Path) -> None:
    place = folder(tmp_path / "a", files=3)
    data = open_dataset(place, KIND, stream=True)
    looks = iter(["as it was", "changed"])
    watch = DataWatch(data, lambda: next(looks))
    (place / "01.tsv").write_text("ab\n")
    with pytest.raises(DataError, match=r"'01\.tsv' was changed since its lines were counted"):
        rows_of(data, np.array([0, 5]))
    with pytest.raises(DataError, match="changed or removed while a run was streaming it"):
        watch(last=True)


def test_files_of_one_row_each_are_not_looked_through(tmp_path: Path, decoded: list[str]) -> None:
    place = tmp_path / "a"
    place.mkdir()
    for number in range(40):
        (place / f"{number:02d}.tsv").write_text("ab\n")
    data = open_dataset(place, KIND, stream=True)
    assert len(decoded) == streamed_files.LOOK
    assert len(data) == 40
    (place / "39.tsv").write_text("ab\ncd\n")
    with pytest.raises(DataError, match="holds 2 lines"):
        rows_of(data, np.array([39]))
