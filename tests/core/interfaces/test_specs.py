"""The contracts of samples and latents."""

import subprocess
import sys

import pytest
from pydantic import Field, ValidationError

from genzoo import Config, ConfigError, LatentSpec, SampleSpec
from genzoo.specs import MAX_ELEMENTS, parse_config


class Shape(Config):
    width: int = Field(4, ge=1, le=64, description="Channels.")
    slope: float = Field(0.2, ge=0.0)


def test_a_spec_survives_json():
    spec = SampleSpec(shape=(3, 8, 8), low=0.0, classes=("b", "a"))
    assert SampleSpec.model_validate_json(spec.model_dump_json()) == spec
    assert spec.conditional
    assert spec.classes == ("b", "a")


def test_with_range():
    spec = SampleSpec(shape=(3, 8, 8)).with_range(0, 1)
    assert (spec.low, spec.high) == (0.0, 1.0)
    assert not spec.conditional


@pytest.mark.parametrize(
    "values",
    [
        {"shape": ()},
        {"shape": (0,)},
        {"shape": (-1, 2)},
        {"shape": (1, 1, 1, 1, 1, 1, 1)},
        {"shape": (1 << 20, MAX_ELEMENTS >> 20, 2)},
        {"shape": (3,), "low": 1.0, "high": 1.0},
        {"shape": (3,), "low": float("nan")},
        {"shape": (3,), "high": float("inf")},
        {"shape": (3,), "classes": ("a", "a")},
        {"shape": (3,), "kind": "Image"},
        {"shape": (3,), "sample_rate": 0},
        {"shape": (3,), "novelty": 1},
    ],
)
def test_nonsense_is_refused(values):
    with pytest.raises(ValidationError):
        SampleSpec(**values)


def test_latents_are_bounded():
    with pytest.raises(ValidationError):
        LatentSpec(shape=(1 << 20, 1 << 20))
    assert LatentSpec(shape=(100,)).shape == (100,)


def test_specs_are_frozen():
    with pytest.raises(ValidationError):
        LatentSpec(shape=(3,)).shape = (4,)


def test_config_errors_name_the_option():
    assert parse_config(Shape, {"width": 8}, "architecture toy").width == 8
    with pytest.raises(ConfigError, match=r"architecture toy has no option 'widht'") as caught:
        parse_config(Shape, {"widht": 8}, "architecture toy")
    assert caught.value.hint == "It has: width, slope."
    with pytest.raises(ConfigError, match=r"Option 'width' of the architecture toy .* 0: .*than"):
        parse_config(Shape, {"width": 0}, "architecture toy")
    with pytest.raises(ConfigError, match="slope"):
        parse_config(Shape, {"slope": float("nan")}, "architecture toy")


def test_specs_do_not_import_torch():
    code = "import sys, genzoo; genzoo.SampleSpec; genzoo.Config; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
