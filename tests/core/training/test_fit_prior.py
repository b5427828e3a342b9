"""A prior is fitted to a random selection of the whole data, whatever order that is in."""

import numpy as np
import pytest
import torch
from toys import LATENT

import genzoo
from genzoo.artifact.format import read_config
from genzoo.data.open_dataset import open_dataset
from genzoo.errors import CapabilityError
from genzoo.interfaces.data_source import Blocks
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.training import save_artifact
from genzoo.training.begin_and_resume import train_run
from genzoo.training.fit_prior import posterior_draws, select


@pytest.fixture
def by_class():
    """600 images of 8x8 pixels in ten classes, one class after the other, each of its own grey."""
    levels = np.repeat(np.arange(10) * 25, 60).astype(np.uint8)
    images = np.broadcast_to(levels[:, None, None, None], (600, 8, 8, 3)).copy()
    return open_dataset(images, ImageKind(ImageOptions(size=8)))


def rows_of(data, seed, most):
    return np.concatenate(list(select(data, seed, most).batches(data)))


def test_a_selection_of_sorted_data_is_of_all_classes_evenly(by_class):
    rows = rows_of(by_class, 0, 300)
    assert len(set(rows.tolist())) == 300
    counts = np.bincount(rows // 60, minlength=10)
    # Each class has 30 of 60 drawn, with a standard deviation below 4.
    assert (np.abs(counts - 30) < 16).all()


def test_a_selection_is_named_by_its_seed(by_class):
    np.testing.assert_array_equal(rows_of(by_class, 3, 100), rows_of(by_class, 3, 100))
    assert set(rows_of(by_class, 3, 100)) != set(rows_of(by_class, 4, 100))
    assert sorted(rows_of(by_class, 3, 5000)) == list(range(600))
    assert select(by_class, 3, 5000).facts() == {"samples": 600, "of": 600, "seed": 3}


def test_blocks_of_data_are_announced_before_their_samples_are_taken(by_class, monkeypatch):
    announced = []
    blocks = Blocks((60,) * 10, window=2)
    sharded = type(by_class)(**{**vars(by_class), "blocks": blocks})
    monkeypatch.setattr(type(by_class), "prepare", lambda self, wanted: announced.append(wanted))
    for rows in select(sharded, 0, 600).batches(sharded):
        assert set(announced[-1]) >= set((rows[:1] // 60).tolist())
    assert len(announced) == 3


def test_latents_are_those_of_the_selected_samples(by_class, registry):
    model = genzoo.build("toy-vae", size=8, registry=registry)
    latents = posterior_draws(model, by_class, select(by_class, 0, 300))
    x, _ = by_class.batch(rows_of(by_class, 0, 300), model.sample_spec)
    # Draws have a standard deviation of 1 around the modes.
    errors = latents - model.encode(x)
    assert latents.shape == (300, LATENT)
    assert errors.std() == pytest.approx(1.0, rel=0.1)
    assert errors.mean() == pytest.approx(0.0, abs=0.1)
    with pytest.raises(CapabilityError, match="cannot encode"):
        posterior_draws(
            genzoo.build("toy-gan", size=8, registry=registry), by_class, select(by_class, 0, 9)
        )


def test_no_two_samples_get_the_same_draw_of_their_posteriors(by_class, registry):
    model = genzoo.build("toy-vae", size=8, registry=registry)
    rows = rows_of(by_class, 0, 600)
    x, _ = by_class.batch(rows, model.sample_spec)
    draws = posterior_draws(model, by_class, select(by_class, 0, 600)) - model.encode(x)
    # Rounding of the latents takes off the last digits.
    assert len({tuple(row) for row in draws.mul(1000).round().int().tolist()}) == 600
    other = posterior_draws(model, by_class, select(by_class, 1, 600))
    assert not torch.allclose(
        draws,
        other - model.encode(by_class.batch(rows_of(by_class, 1, 600), model.sample_spec)[0]),
        atol=1e-2,
    )


def test_a_run_fits_its_priors_to_a_selection_and_records_it(
    tmp_path, registry, make_plan, monkeypatch
):
    monkeypatch.setattr(save_artifact, "MOST_SAMPLES", 30)
    train_run(make_plan("toy-vae", steps=2, seed=5), tmp_path / "run", registry)
    (fitted,) = read_config(tmp_path / "run" / "artifact").training["priors"].items()
    name, facts = fitted
    assert name == "toy-prior"
    assert (facts["samples"], facts["of"], facts["seed"]) == (30, 40, 5)
    assert facts["data_fingerprint"]
    model = genzoo.load(tmp_path / "run", registry=registry)
    assert torch.isfinite(model.prior("toy-prior").centre).all()
