"""Making architectures small."""

import pytest
from pydantic import Field, model_validator

from genzoo import Config
from genzoo_testing.tiny_configs import small_values


class Sizes(Config):
    width: int = Field(64, ge=8, description="Halves down to its bound.")
    depth: int = Field(3, gt=2, description="Small already.")
    rate: float = Field(0.5, ge=0, description="No whole number.")
    wide: bool = Field(True, description="No number at all.")


class Linked(Config):
    width: int = Field(64, ge=1, description="A multiple of groups.")
    groups: int = Field(16, ge=16, description="Cannot be small.")

    @model_validator(mode="after")
    def _check(self):
        if self.width % self.groups:
            raise ValueError("no multiple")
        return self


def test_whole_numbers_are_halved_down_to_their_bounds():
    assert small_values(Sizes, lambda values: True) == {"width": 8, "depth": 3}


def test_values_that_do_not_fit_together_keep_their_defaults():
    def fits(values):
        config = {"width": 64, "groups": 16, **values}
        return config["width"] % config["groups"] == 0

    assert small_values(Linked, fits) == {"groups": 16}


def test_the_smallest_usual_image_that_fits_is_taken(architecture):
    tiny = architecture().tiny
    assert tiny.config == {"width": 4}
    assert [sample.shape for sample in tiny.samples] == [(3, 8, 8), (3, 8, 8)]
    assert [sample.conditional for sample in tiny.samples] == [False, True]


def test_a_record_may_say_what_is_tiny(architecture):
    subject = architecture("Picky", tiny={"width": 5}, tiny_samples=({"shape": (3, 17, 17)},))
    assert subject.tiny.config == {"width": 5}
    assert [sample.shape for sample in subject.tiny.samples] == [(3, 17, 17)]
    assert subject.tiny.refusal == "There are no classes here."


@pytest.mark.parametrize("given", [(), ({"kind": "points", "shape": (3,)},)])
def test_kinds_other_than_images_are_offered_other_shapes(architecture, given):
    subject = architecture("Points", kinds=("points",), tiny_samples=given)
    (sample,) = subject.tiny.samples
    assert (sample.kind, sample.shape) == ("points", (3,) if given else (2,))


def test_a_registered_kind_tells_its_samples(architecture, registry):
    import points_kind

    registry.add_all(points_kind.genzoo_kinds(), "genzoo-points", "1")
    subject = architecture("Points", kinds=("points",))
    (sample,) = subject.tiny.samples
    assert (sample.shape, sample.low, sample.high) == ((2,), -1.0, 1.0)
