"""Sides of images as a small base that is doubled."""

import pytest

from genzoo import ImagePyramid, SampleSpec, SpecError


@pytest.mark.parametrize(
    ("height", "width", "base", "doublings"),
    [
        (16, 16, (4, 4), 2),
        (64, 64, (4, 4), 4),
        (64, 96, (4, 6), 4),
        (28, 28, (7, 7), 2),
        (48, 160, (6, 20), 3),
    ],
)
def test_the_base_is_the_smallest_of_at_least_four_pixels(height, width, base, doublings):
    sample = SampleSpec(shape=(3, height, width))
    if max(base) > 16:
        with pytest.raises(SpecError):
            ImagePyramid.of(sample, "x")
        return
    pyramid = ImagePyramid.of(sample, "x")
    assert (pyramid.base, pyramid.doublings) == (base, doublings)


@pytest.mark.parametrize("shape", [(3, 50, 50), (3, 8, 8), (3, 16, 512), (3, 2048, 2048)])
def test_other_sides_are_refused_by_name(shape):
    with pytest.raises(SpecError, match=f"convgan cannot model images of {shape[2]}x{shape[1]}"):
        ImagePyramid.of(SampleSpec(shape=shape), "convgan")


def test_other_kinds_are_refused():
    with pytest.raises(SpecError, match="audio"):
        ImagePyramid.of(SampleSpec(kind="audio", shape=(1, 64, 64)), "convgan")
