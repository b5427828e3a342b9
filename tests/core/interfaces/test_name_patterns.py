"""Classes in the names of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_data import image_kind
from PIL import Image
from pydantic import ValidationError

import genzoo
from genzoo.data.open_dataset import open_dataset
from genzoo.data.read_files import read_labelled
from genzoo.interfaces.name_patterns import label_in_name
from genzoo.media.image_options import ImageOptions


@pytest.mark.parametrize(
    ("pattern", "path", "label"),
    [
        ("{label}_{speaker}_{take}", "recordings/7_jackson_12.wav", ("7",)),
        ("{take}-{label}", "a/1-cat.png", ("cat",)),
        ("{label}_{rest}", "a_b_c.png", ("a",)),
        ("{}_{label}", "one_two_three.png", ("two_three",)),
        ("{label}", "deep/down/dog.jpeg", ("dog",)),
        ("{label}/{name}", "deep/down/dog.jpeg", ("down",)),
        ("{label}.{number}", "cat.0001.png", ("cat",)),
        ("{label}_{take}", "nothing.wav", ()),
        ("{label}/{name}", "dog.jpeg", ()),
        ("x({label})", "x(1).png", ("1",)),
        (None, "1_2.png", ()),
    ],
)
def test_the_class_is_what_stands_at_label(pattern, path, label):
    assert label_in_name(pattern, path) == label


@pytest.mark.parametrize(
    "pattern",
    ["", "{name}", "{label}_{label}", "{label}{take}", "{label}_{Take}", "{label}_{", "a" * 999],
)
def test_a_pattern_that_finds_no_class_is_refused(pattern):
    with pytest.raises(ValidationError):
        ImageOptions(label_from=pattern)


@given(st.text(max_size=300), st.text(alphabet="ab_/.{}*+?\\", max_size=40))
def test_any_name_is_compared_with_any_pattern(name, text):
    try:
        pattern = ImageOptions(label_from=f"{text}{{label}}").label_from
    except ValidationError:
        return
    found = label_in_name(pattern, name)
    assert len(found) <= 1
    assert all(label and label in name for label in found)


def test_images_have_the_classes_of_their_names(tmp_path):
    for name in ("cat_1", "cat_2", "dog_1"):
        Image.new("RGB", (8, 8), (len(name), 0, 0)).save(tmp_path / f"{name}.png")
    kind = image_kind(size=8, label_from="{label}_{number}")
    dataset = open_dataset(str(tmp_path), kind, conditional=True)
    assert dataset.classes == ("cat", "dog")
    assert dataset.labels.tolist() == [0, 0, 1]
    Image.new("RGB", (8, 8)).save(tmp_path / "stray.png")
    with pytest.raises(
        genzoo.UsageError, match=r"1 of 4 images is not named like .* \(stray.png\)"
    ):
        open_dataset(str(tmp_path), kind, conditional=True)


def test_streamed_images_and_single_files_have_them_too(tmp_path):
    for name in ("cat_1", "dog_1"):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    kind = image_kind(size=8, label_from="{label}_{number}")
    dataset = open_dataset(str(tmp_path), kind, conditional=True, stream=True)
    assert [dataset.classes[label] for label in dataset.labels] == ["cat", "dog"]
    _, names = read_labelled([tmp_path / "dog_1.png", tmp_path / "cat_1.png"], kind, kind.spec())
    assert names == ("dog", "cat")
