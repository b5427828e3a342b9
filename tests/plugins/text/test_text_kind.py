"""Texts as rows of tokens, and back as lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from genzoo import DataError, SpecError, UndecodableError
from genzoo_text.configs import TextOptions
from genzoo_text.text_kind import CUT, UNKNOWN, TextKind


def kind_of(*paths: Path, **options: object) -> TextKind:
    kind = TextKind(TextOptions(**options))  # type: ignore[arg-type]
    return TextKind(kind.options_for_files(paths))


def write(path: Path, content: str) -> Path:
    path.write_text(content, "utf-8")
    return path


def shown(kind: TextKind, rows: np.ndarray) -> list[str]:
    return kind.texts(kind.samples(torch.from_numpy(rows), kind.spec()), kind.spec())


@pytest.mark.parametrize("tokens", ["chars", "bytes", "bpe:260"])
def test_texts_go_in_and_come_out(tmp_path: Path, tokens: str) -> None:
    path = write(tmp_path / "names.txt", "Anna\nJörg\nKim\n")
    kind = kind_of(path, tokens=tokens)
    rows = kind.decode(path).rows
    assert kind.layout.of(rows)
    assert shown(kind, rows) == ["Anna", "Jörg", "Kim"]
    assert rows.max() < kind.tokens.count == kind.spec().high + 1


def test_the_length_is_that_of_the_longest_and_longer_ones_are_cut(tmp_path: Path) -> None:
    path = write(tmp_path / "names.txt", "Anna\nMaximilian\nKim\n")
    assert kind_of(path).layout.shape == (10,)
    kind = kind_of(path, length=4)
    decoded = kind.decode(path)
    assert shown(kind, decoded.rows) == ["Anna", "Maxi", "Kim"]
    assert decoded.counts == {CUT: 1}


def test_texts_with_unknown_characters_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "names.txt", "Anna\nZoë\nAnn\n")
    kind = kind_of(path, vocabulary="Aan")
    decoded = kind.decode(path)
    assert shown(kind, decoded.rows) == ["Anna", "Ann"]
    assert decoded.counts == {UNKNOWN: 1}
    with pytest.raises(UndecodableError, match="characters that are not in the alphabet"):
        kind.decode_bytes("Zoë".encode(), "text.txt")


def test_several_files_are_a_text_each_unless_lines_are_asked_for(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{name}.txt", f"{name}\nis here\n") for name in "ab"]
    whole, lines = kind_of(*paths), kind_of(*paths, items="lines")
    assert shown(whole, whole.decode(paths[0]).rows) == ["a\nis here"]
    assert shown(lines, lines.decode(paths[0]).rows) == ["a", "is here"]


def test_classes_come_with_the_texts(tmp_path: Path) -> None:
    path = write(tmp_path / "names.tsv", "Anna\tf\nKim\tm\n")
    assert kind_of(path, label_from="2").decode(path).labels == ("f", "m")
    some = write(tmp_path / "some.tsv", "Anna\tf\nKim\n")
    with pytest.raises(UndecodableError, match="1 of its 2 texts do not say their class"):
        kind_of(some, label_from="2").decode(some)


def test_a_pattern_of_names_is_not_a_column(tmp_path: Path) -> None:
    path = write(tmp_path / "sad_1.txt", "Anna\t2\n")
    kind = kind_of(path, label_from="{label}_{take}")
    assert kind.label_pattern == "{label}_{take}"
    assert shown(kind, kind.decode(path).rows) == ["Anna\t2"]
    assert kind_of(path, label_from="2").label_pattern is None
    with pytest.raises(ValueError, match=r"a pattern has \{label\} once"):
        TextOptions(label_from="{take}")


def test_arrays_hold_strings_or_tokens(tmp_path: Path) -> None:
    kind = TextKind(TextOptions())
    strings = kind.check(np.array(["Anna", "Kim"]), "x")
    kind = TextKind(kind.options_for_array(strings))
    assert (kind.config.vocabulary, kind.config.length) == ("AKaimn", 4)
    row = kind.adapt(strings[1]).rows
    assert shown(kind, row) == ["Kim"]
    assert kind.layout.of(kind.check(row, "x"))
    with pytest.raises(DataError, match="has the token 7, and there are 7"):
        kind.check(np.full((1, 4), 7, np.uint16), "x")
    with pytest.raises(DataError, match="must be strings"):
        kind.check(np.zeros((2, 4)), "x")


def test_texts_of_other_tokens_are_not_samples_of_a_model() -> None:
    kind = TextKind(TextOptions(vocabulary="abc", length=5))
    assert kind.options_for_spec(kind.spec()).length == 5
    with pytest.raises(SpecError, match="Texts of 4 tokens are not samples of the model"):
        kind.options_for_spec(kind.spec().with_range(0.0, 9.0))


def test_files_hold_a_line_for_each_text_whatever_is_in_it() -> None:
    kind = TextKind(TextOptions(tokens="bytes", length=9))
    rows = np.concatenate([kind.adapt(np.array(text)).rows for text in ("a\nb", "\x1b[2J", "ö")])
    x = kind.samples(torch.from_numpy(rows), kind.spec())
    assert kind.encoded(x, kind.spec(), ".txt").decode() == "a\\nb\n\\x1b[2J\nö\n"
    assert kind.encoded(x[:1], kind.spec(), ".jsonl") == b'{"text": "a\\nb"}\n'
    picture = kind.picture(x, kind.spec())
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 1
    assert picture.min() < 100


def test_rows_hold_tokens_within_bounds() -> None:
    kind = TextKind(TextOptions(vocabulary="abc", length=2))
    rows = kind.rows(torch.tensor([[-1.0, 99.0]]), kind.spec())
    assert rows.tolist() == [[0, 3]]
    with pytest.raises(SpecError, match="not of shape"):
        kind.rows(torch.zeros(1, 3), kind.spec())


def test_lists_and_help_leave_the_vocabulary_out() -> None:
    from click.testing import CliRunner

    from genzoo.cli.main import main

    told = CliRunner().invoke(main, ["train", "text-vae", "--help"]).stdout
    assert "--tokens" in told
    assert "vocabulary" not in told
