"""Data that are given from Python, and where a resumed run finds them."""

import numpy as np
import pytest
import torch
from PIL import Image

import genzoo
from genzoo import DataError, GenzooError, UsageError

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
SHORT = {"steps": 4, "batch_size": 8, "device": "cpu", "tracker": ("none",)}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Images of two classes."""
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    paths = [tmp_path / "photos" / "ab"[at % 2] / f"{at}.png" for at in range(len(PIXELS))]
    for path, pixels in zip(paths, PIXELS, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return paths


def test_arrays_tensors_and_files_that_hold_the_same_train_the_same(tmp_path, files, registry):
    data = {
        "array": PIXELS,
        "tensor": torch.from_numpy(PIXELS),
        "raw": genzoo.RawSamples(PIXELS),
        "files": files,
        "names": tuple(map(str, files)),
    }
    runs = [
        genzoo.train("toy-gan", given, tmp_path / name, registry=registry, **SHORT).folder
        for name, given in data.items()
    ]
    found = [
        genzoo.load(run, registry=registry).state_dict()["parts.generator.first.weight"]
        for run in runs
    ]
    assert all(torch.equal(found[0], each) for each in found[1:])


def test_labels_come_with_arrays_and_from_the_folders_of_files(tmp_path, files, registry):
    raw = genzoo.RawSamples(PIXELS, np.arange(20) % 2, ("a", "b"))
    for name, given in {"raw": raw, "files": files}.items():
        result = genzoo.train(
            "toy-gan", given, tmp_path / name, registry=registry, conditional=True, **SHORT
        )
        model = genzoo.load(result.folder, registry=registry)
        assert model.sample_spec.classes == ("a", "b")


def test_a_run_on_files_goes_on_by_itself_and_one_on_arrays_when_they_are_given(
    tmp_path, files, registry
):
    for name, given in {"files": files, "array": PIXELS}.items():
        genzoo.train("toy-gan", given, tmp_path / name, registry=registry, **SHORT)
    assert genzoo.train(resume=tmp_path / "files", registry=registry, steps=5).steps == 5
    array = tmp_path / "array"
    with pytest.raises(UsageError, match="learns from arrays that were in memory"):
        genzoo.train(resume=array, registry=registry, steps=5)
    with pytest.raises(DataError, match="has changed since"):
        genzoo.train("toy-gan", PIXELS[::-1], resume=array, registry=registry, steps=5)
    assert genzoo.train("toy-gan", PIXELS, resume=array, registry=registry, steps=5).steps == 5
    np.savez(tmp_path / "saved.npz", images=PIXELS)
    saved = tmp_path / "saved.npz"
    assert genzoo.train("toy-gan", saved, resume=array, registry=registry, steps=6).steps == 6
    assert genzoo.train(resume=array, registry=registry, steps=7).steps == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("toy-gan", {"a": 1}, "x"), "dict is not a type of data"),
        (("toy-gan", ["photos"], "x"), "photos' in the list of files is a folder"),
        (("toy-gan", ["photos/none.png"], "x"), r"none\.png' in the list of files is not there"),
        (("toy-gan", [], "x"), "no image in the list of files"),
        (("toy-gan", "photos"), "and a folder for the run are needed"),
    ],
)
def test_train_says_what_cannot_be_data(tmp_path, monkeypatch, files, registry, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GenzooError, match=message):
        genzoo.train(*arguments, registry=registry, **SHORT)
    assert not (tmp_path / "x").exists()


def test_a_resumed_run_keeps_its_place_and_its_architecture(tmp_path, files, registry):
    run = tmp_path / "run"
    genzoo.train("toy-gan", tmp_path / "photos", run, registry=registry, **SHORT)
    with pytest.raises(UsageError, match="goes on with what it began with"):
        genzoo.train("toy-gan", PIXELS, tmp_path / "other", resume=run, registry=registry)
    with pytest.raises(UsageError, match="trains toy-gan, not toy-vae"):
        genzoo.train("toy-vae", PIXELS, resume=run, registry=registry)
    (tmp_path / "photos").rename(tmp_path / "moved")
    with pytest.raises(UsageError, match=r"are not at .*photos' any more") as caught:
        genzoo.train(resume=run, registry=registry)
    assert "DATA --resume" in caught.value.hint
    moved = tmp_path / "moved"
    assert genzoo.train("toy-gan", moved, resume=run, registry=registry, steps=5).steps == 5
    assert genzoo.train(resume=run, registry=registry, steps=6).steps == 6
