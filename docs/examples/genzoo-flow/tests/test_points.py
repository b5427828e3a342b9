"""The kind `points`: in from arrays, out to pictures and archives."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

import genzoo
from genzoo.cli.main import main
from genzoo_flow.configs import PointOptions
from genzoo_flow.point_sets import two_moons
from genzoo_flow.points import INK, SIDE, Points


def test_data_keep_their_units_on_the_way_there_and_back():
    kind = Points(PointOptions(extent=5.0))
    rows = kind.check(np.array([[0.0, 5.0], [-5.0, 2.5]]), "mine")
    spec = kind.spec().with_range(-1.0, 1.0)
    x = kind.samples(torch.tensor(rows), spec)
    torch.testing.assert_close(x, torch.tensor([[0.0, 1.0], [-1.0, 0.5]]))
    np.testing.assert_allclose(kind.rows(x, spec), rows)
    np.testing.assert_allclose(kind.rows(2 * x, spec), [[0, 5], [-5, 5]])
    assert kind.spec(["a"]) == genzoo.SampleSpec(
        kind="points", shape=(2,), low=-5.0, high=5.0, classes=("a",)
    )


def test_the_extent_leaves_a_margin_unless_it_is_given():
    points = np.array([[0.0, -8.0], [1.0, 2.0]], np.float32)
    assert Points(PointOptions()).options_for_array(points) == PointOptions(extent=10.0)
    given = PointOptions(extent=9.0)
    assert Points(given).options_for_array(points) == given
    assert Points(PointOptions()).options_for_array(0 * points) == PointOptions(extent=1.0)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((3, 3)), r"float64 of shape \(3, 3\)"),
        (np.zeros(2), "of shape"),
        (np.array([["a", "b"]]), "<U1"),
        (np.array([[0.0, np.nan]]), "not finite"),
        (np.array([[0.0, 3.0]]), "reach out to 3"),
    ],
)
def test_what_are_no_points(samples, message):
    with pytest.raises(genzoo.DataError, match=message):
        Points(PointOptions(extent=2.0)).check(samples, "mine")


def test_a_picture_has_a_dot_for_each_point_with_y_upwards():
    kind = Points(PointOptions(extent=2.0))
    picture = kind.picture(torch.tensor([[1.0, 1.0]]), kind.spec())
    assert picture.shape == (SIDE, SIDE, 3)
    down, right = np.argwhere((picture == INK).all(2)).mean(0)
    assert (down, right) == pytest.approx((SIDE / 4, SIDE * 3 / 4), abs=2)
    with Image.open(io.BytesIO(kind.encoded(torch.zeros(3, 2), kind.spec(), ".png"))) as image:
        assert image.size == (SIDE, SIDE)


def test_it_writes_archives_that_it_can_read(tmp_path):
    kind = Points(PointOptions(extent=2.0))
    x = torch.tensor([[0.5, -1.5]])
    genzoo.save_samples(x, kind, kind.spec(), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        np.testing.assert_array_equal(kind.check(archive["points"], "a"), x.numpy())
    with pytest.raises(genzoo.SpecError, match="are not points"):
        genzoo.save_samples(torch.zeros(1, 3), kind, kind.spec(), tmp_path / "b.npz")


def test_the_moons_are_half_circles():
    raw = two_moons()
    assert raw.samples.shape == (8000, 2)
    assert raw.samples.dtype == np.float32
    assert np.bincount(raw.labels).tolist() == [4000, 4000]
    np.testing.assert_array_equal(raw.samples, two_moons().samples)
    for label, sign in enumerate((1, -1)):
        moon = sign * (raw.samples[raw.labels == label] + sign * np.array([0.5, 0.25]))
        distances = np.linalg.norm(moon, axis=1)
        assert distances.mean() == pytest.approx(1, abs=0.01)
        assert distances.std() < 0.08
        assert moon[:, 1].min() > -0.3


def test_commands_give_points_back_in_their_own_units(tmp_path):
    rng = np.random.default_rng(0)
    data, few, made = (tmp_path / f"{name}.npz" for name in ("data", "few", "made"))
    np.savez(data, points=rng.uniform(-30, 30, (200, 2)).astype(np.float32))
    np.savez(few, points=np.array([[1.0, 2.0], [-3.0, 0.5]], np.float32))
    small = ("--couplings", "2", "--width", "4", "--blocks", "1", "--device", "cpu")
    run = tmp_path / "run"
    for command in (
        ("train", "realnvp-points", data, "--steps", 2, "--batch-size", 32, *small, "-o", run),
        ("reconstruct", run, few, "-o", made, "--precision", "fp32"),
    ):
        assert not main([*map(str, command), "--quiet"], standalone_mode=False)
    with np.load(few) as before, np.load(made) as after:
        np.testing.assert_allclose(after["points"], before["points"], atol=1e-3)
