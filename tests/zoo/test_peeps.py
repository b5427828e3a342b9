"""The bundled portraits are what their page says, and packing is deterministic."""

from __future__ import annotations

import numpy as np

from genzoo_zoo.pack_peeps import ORDER, pack
from genzoo_zoo.peeps import DATA, attributes, load

COUNT = 11896


def test_the_images():
    raw = load()
    assert raw.samples.shape == (COUNT, 64, 64, 3)
    assert raw.samples.dtype == np.uint8
    assert raw.labels is None
    assert len(np.unique(raw.samples.reshape(COUNT, -1).view("V12288"))) == COUNT


def test_the_attributes_belong_to_the_images():
    columns = attributes()
    assert {name: len(set(values)) for name, values in columns.items()} == {
        "accessories": 9,
        "background": 5,
        "face": 30,
        "facialHair": 17,
        "head": 48,
        "mask": 3,
        "skin": 5,
    }
    assert {len(values) for values in columns.values()} == {COUNT}
    corners = load().samples[:, 0, 0]
    colours = [list(bytes.fromhex(colour[1:])) for colour in columns["background"]]
    assert (corners == colours).mean() > 0.99


def test_they_are_small_and_have_their_licence():
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 2_500_000
    assert "CC0 1.0" in (DATA / "README.md").read_text("utf-8")


def test_packing_sorts_images_and_attributes_together(tmp_path, monkeypatch):
    generator = np.random.default_rng(0)
    tags = generator.integers(0, 3, (4, 20))
    columns = {name: tags[row].astype(str) for row, name in enumerate(ORDER)}
    images = np.zeros((20, 64, 64, 3), np.uint8)
    images[:, 0, 0, 0] = tags[0] * 100 + np.arange(20)
    np.savez(tmp_path / "source.npz", images=images, mask=np.arange(20).astype(str), **columns)
    for attempt in ("one", "two"):
        pack(tmp_path / "source.npz", tmp_path / attempt, tmp_path / f"{attempt}.json")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    monkeypatch.setattr("genzoo_zoo.peeps.IMAGES", tmp_path / "one")
    monkeypatch.setattr("genzoo_zoo.peeps.ATTRIBUTES", tmp_path / "one.json")
    packed = attributes()
    keys = list(zip(*(packed[name] for name in ORDER), strict=True))
    assert keys == sorted(keys)
    number = [int(value) for value in packed["mask"]]
    assert load().samples[:, 0, 0, 0].tolist() == images[number, 0, 0, 0].tolist()
