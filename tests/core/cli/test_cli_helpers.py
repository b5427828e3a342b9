"""The small functions behind the commands."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from image_data import IMAGES
from sketches import SketchConfig

from genzoo import GenzooError, SampleSpec
from genzoo.app.read_and_save_samples import read_inputs
from genzoo.cli.fields import field_options
from genzoo.cli.output_paths import default_path
from genzoo.cli.sizes import folder_bytes, readable_size
from genzoo.model.labels import class_indices
from genzoo.plugins.manager import PluginManager


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("peeps-gan", "peeps-gan-seed0.png"),
        ("runs/x/", "x-seed0.png"),
        ("owner/repo@v1.2", "repo-seed0.png"),
        ("./my model", "my_model-seed0.png"),
        (".", "model-seed0.png"),
        ("/", "model-seed0.png"),
        ("..", "model-seed0.png"),
    ],
)
def test_default_paths_are_plain_names_in_the_working_directory(model: str, path: str) -> None:
    assert default_path(model, "-seed0.png") == Path(path)


def test_labels_take_turns() -> None:
    spec = SampleSpec(shape=(3, 8, 8), classes=("a", "b", "c"))
    assert class_indices(("c", "0"), spec, 5) == [2, 0, 2, 0, 2]
    assert class_indices((), spec, 5) is None


def test_a_label_is_a_name_where_any_name_looks_like_a_number() -> None:
    spec = SampleSpec(shape=(3, 8, 8), classes=("10", "2", "none"))
    assert class_indices(("2", "10", "none"), spec, 3) == [1, 0, 2]
    for label in ("0", "1"):
        with pytest.raises(GenzooError, match=f"no class named '{label}'"):
            class_indices((label,), spec, 1)


@pytest.mark.parametrize("name", ["1.0", "-1", "01", "1,5", "1_000", "٣"])
def test_what_looks_like_a_number_is_one_in_any_notation(name: str) -> None:
    spec = SampleSpec(shape=(3, 8, 8), classes=("a", name))
    assert class_indices((name,), spec, 1) == [1]
    with pytest.raises(GenzooError, match="no class named '0'"):
        class_indices(("0",), spec, 1)


@pytest.mark.parametrize("label", ["3", "-1", "d", "", "²", "1.0"])
def test_labels_that_are_not_there_are_refused(label: str) -> None:
    spec = SampleSpec(shape=(3, 8, 8), classes=("a", "b", "c"))
    with pytest.raises(GenzooError, match="no class named"):
        class_indices((label,), spec, 1)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (5_200_000, "5.2 MB"),
        (7 * 10**9, "7 GB"),
    ],
)
def test_sizes_are_readable(count: int | None, text: str) -> None:
    assert readable_size(count) == text


def test_folder_bytes_counts_everything_below(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"123")
    (tmp_path / "c").write_bytes(b"45")
    assert folder_bytes(tmp_path) == 5
    assert folder_bytes(tmp_path / "none") is None


def test_pairs_of_images_are_rows_above_their_reconstructions() -> None:
    originals = torch.arange(3.0).reshape(3, 1, 1, 1)
    spec = SampleSpec(shape=(1, 1, 1), high=99.0)
    rows = IMAGES.paired(originals, originals + 10, spec, 2)
    assert rows.flatten().tolist() == [0, 1, 10, 11, 2, 99, 12, 99]


def test_classes_of_a_data_set_are_matched_by_name(manager: PluginManager) -> None:
    spec = SampleSpec(shape=(3, 8, 8), classes=("bird", "dog", "cat"))
    inputs = read_inputs(("stripes",), IMAGES, spec, manager.registry, 4, ())
    assert inputs.x.shape == (4, 3, 8, 8)
    # Every tenth of 40 images; even ones are cats.
    assert inputs.labels == [2, 2, 2, 2]
    given = read_inputs(("stripes",), IMAGES, spec, manager.registry, 4, ("dog",))
    assert given.labels == [1, 1, 1, 1]


@pytest.mark.parametrize("classes", [("bird", "dog"), ("1", "2")])
def test_unknown_classes_must_be_named(classes: tuple[str, ...], manager: PluginManager) -> None:
    spec = SampleSpec(shape=(3, 8, 8), classes=classes)
    with pytest.raises(GenzooError, match="those of the images are not known"):
        read_inputs(("stripes",), IMAGES, spec, manager.registry, 4, ())


def test_taken_flags_are_prefixed_also_when_they_are_taken_by_a_negation() -> None:
    taken = {"no-residual", "norm"}
    flags = [option.flag for option in field_options(SketchConfig, "architecture", taken)]
    assert flags == ["width", "architecture-norm", "architecture-residual", "sizes", "steps"]
    assert {"width", "architecture-norm", "no-architecture-residual", "no-residual"} <= taken
