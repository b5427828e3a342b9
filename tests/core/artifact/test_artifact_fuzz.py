"""Whatever is done to the bytes, loading gives the same model or an error meant for the user."""

import json
import random
import shutil
import struct
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toys import toy_registry

from genzoo import GenzooError, SampleSpec
from genzoo.artifact.integrity import describe_file
from genzoo.artifact.load import load_model
from genzoo.artifact.save import save_model
from genzoo.model.build import build_model

WEIGHTS = "model.safetensors"
QUIET = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.lists(st.integers(-3, 2**31), max_size=4),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz") / "artifact"
    registry = toy_registry()
    model = build_model(registry, "toy-gan", SampleSpec(shape=(1, 4, 4), classes=("a", "b")), {})
    save_model(model, folder, registry=registry, golden=False, preview=False)
    return folder, model.sample(2)


@pytest.fixture
def copy(whole, tmp_path):
    def fresh() -> Path:
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        return Path(shutil.copytree(whole[0], tmp_path / "copy"))

    return fresh


def loads_equal_or_refuses(folder, expected):
    """Any other exception than a GenzooError fails the test."""
    with suppress(GenzooError):
        assert torch.equal(load_model(folder, toy_registry()).sample(2), expected)


def paths(value, prefix=()):
    """Every place inside a JSON value."""
    yield prefix
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(child, (*prefix, key))


def replaced(value, path, new):
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


@QUIET
@given(choice=st.integers(0, 10_000), new=VALUES)
def test_config_with_one_value_replaced(whole, copy, choice, new):
    folder = copy()
    content = json.loads((folder / "config.json").read_text())
    places = list(paths(content))[1:]
    place = places[choice % len(places)]
    (folder / "config.json").write_text(json.dumps(replaced(content, place, new)))
    if place == ("config", "hidden"):
        return  # The weights fit with and without it, as a valid option of another model.
    loads_equal_or_refuses(folder, whole[1])


@QUIET
@given(seed=st.integers(0, 2**32), count=st.integers(1, 4))
def test_config_with_bytes_replaced(whole, copy, seed, count):
    folder = copy()
    path = folder / "config.json"
    raw, choose = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(count):
        raw[choose.randrange(len(raw))] = choose.randrange(256)
    path.write_bytes(raw)
    loads_equal_or_refuses(folder, whole[1])


@QUIET
@given(seed=st.integers(0, 2**32), count=st.integers(1, 3))
def test_header_with_bytes_replaced(whole, copy, seed, count):
    folder = copy()
    path = folder / WEIGHTS
    raw, choose = bytearray(path.read_bytes()), random.Random(seed)
    header = 8 + struct.unpack("<Q", raw[:8])[0]
    for _ in range(count):
        raw[choose.randrange(header)] = choose.randrange(256)
    path.write_bytes(raw)
    config = json.loads((folder / "config.json").read_text())
    config["files"][WEIGHTS] = describe_file(path).model_dump()
    (folder / "config.json").write_text(json.dumps(config))
    with suppress(GenzooError):
        load_model(folder, toy_registry())


@QUIET
@given(choice=st.integers(0, 10_000), new=VALUES)
def test_header_with_one_value_replaced(whole, copy, choice, new):
    folder = copy()
    path = folder / WEIGHTS
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    places = list(paths(header))
    changed = json.dumps(replaced(header, places[choice % len(places)], new)).encode()
    path.write_bytes(struct.pack("<Q", len(changed)) + changed + raw[8 + size :])
    config = json.loads((folder / "config.json").read_text())
    config["files"][WEIGHTS] = describe_file(path).model_dump()
    (folder / "config.json").write_text(json.dumps(config))
    loads_equal_or_refuses(folder, whole[1])
