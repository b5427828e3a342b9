"""Whatever is done to the bytes, loading gives the same model or an error meant for the user."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from artifact_mutations import (
    ALWAYS_REFUSED,
    MUTATIONS,
    WEIGHTS,
    Files,
    header_bytes,
    header_names,
    read_files,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toys import toy_registry

from genzoo import GenzooError, SampleSpec
from genzoo.artifact.load import load_model
from genzoo.artifact.save import save_model
from genzoo.model.build import build_model

REGISTRY = toy_registry()
ROOM = 1 << 30
"""Bytes that a test may take: far over what the toys need, far under what is claimed."""

quiet = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The files of a model, and its samples."""
    folder = tmp_path_factory.mktemp("fuzz") / "artifact"
    model = build_model(REGISTRY, "toy-gan", SampleSpec(shape=(1, 4, 4), classes=("a", "b")), {})
    save_model(model, folder, registry=REGISTRY, golden=False, preview=False)
    return read_files(folder), model.sample(2)


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Have an absurd allocation fail, even one whose memory is never touched."""
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def survives(mutation, draw, whole, folder: Path) -> None:
    """Any other exception than a GenzooError fails the test."""
    files, expected = whole
    changed = mutation(draw, files)
    changed.write(folder)
    try:
        with bounded_memory():
            samples = load_model(folder, REGISTRY).sample(2)
    except GenzooError:
        return
    assert mutation not in ALWAYS_REFUSED
    if mutation in (header_bytes, header_names) and rearranged(changed, files):
        return
    assert torch.equal(samples, expected)


def rearranged(changed: Files, original: Files) -> bool:
    """Whether tensors of the same names and shapes stand elsewhere: a sound file, another model."""
    before, after = original.header, changed.header
    names = before.keys() - {"__metadata__"}
    return any(after[name]["data_offsets"] != before[name]["data_offsets"] for name in names)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_forty_cases_of_each_damage(mutation, whole, tmp_path):
    @settings(quiet, max_examples=40)
    @given(st.data())
    def check(data):
        survives(mutation, data.draw, whole, tmp_path)

    check()


@pytest.mark.slow
def test_ten_thousand_cases(whole, tmp_path):
    @settings(quiet, max_examples=10_000)
    @given(st.data())
    def check(data):
        survives(data.draw(st.sampled_from(MUTATIONS)), data.draw, whole, tmp_path)

    check()


def test_files_that_are_not_damaged_load(whole, tmp_path):
    files, expected = whole
    files.with_header(files.header).write(tmp_path)
    assert torch.equal(load_model(tmp_path, REGISTRY).sample(2), expected)
    assert json.loads(files.config)["files"].keys() == {WEIGHTS}


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_the_limit_on_memory_holds():
    with pytest.raises(RuntimeError, match="memory"), bounded_memory():
        torch.empty(1 << 30)
