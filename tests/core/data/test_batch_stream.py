"""The order of samples, and pixels to numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from image_data import in_range, open_images

from genzoo.data.batch_stream import BatchStream
from genzoo.media.image_kind import scale


@pytest.mark.parametrize("epoch", [0, 1, 7])
def test_an_epoch_is_a_permutation(epoch):
    stream = BatchStream(100, seed=3)
    assert sorted(stream.take(epoch * 100, 100)) == list(range(100))


def test_epochs_and_seeds_differ():
    stream = BatchStream(100, seed=3)
    first = stream.take(0, 100).tolist()
    assert first != stream.take(100, 100).tolist()
    assert first != BatchStream(100, seed=4).take(0, 100).tolist()
    assert first != list(range(100))


@given(
    count=st.integers(1, 20),
    start=st.integers(0, 100),
    size=st.integers(0, 50),
    seed=st.integers(0, 2**31),
)
def test_a_batch_depends_on_its_position_alone(count, start, size, seed):
    whole = BatchStream(count, seed).take(0, start + size)
    stream = BatchStream(count, seed)
    stream.take(start + 13, 5)
    assert stream.take(start, size).tolist() == whole[start:].tolist()
    assert stream.take(start, size).dtype == np.int64


def test_taking_does_not_hand_out_the_permutation_itself():
    stream = BatchStream(10, seed=0)
    first = stream.take(0, 10)
    kept = first.copy()
    first[:] = 0
    assert stream.take(0, 10).tolist() == kept.tolist()


def test_nothing_to_stream():
    with pytest.raises(ValueError, match="at least one"):
        BatchStream(0, seed=0)


@pytest.mark.parametrize(
    ("low", "high"), [(-1, 1), (0, 1), (-0.5, 0.5), (0, 255), (-2, 3), (-128, 127)]
)
def test_the_ends_of_the_range_are_exact(low, high):
    values = torch.arange(256, dtype=torch.uint8)
    scaled = scale(values, low, high)
    exact = low + values.double() * (high - low) / 255
    assert scaled.dtype == torch.float32
    assert scaled[0] == low
    assert scaled[255] == high
    assert (scaled - exact).abs().max() <= 2e-7 * max(abs(low), abs(high))
    assert (scaled.diff() > 0).all()


@pytest.fixture
def dataset():
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (20, 8, 8, 3), np.uint8)
    from genzoo.interfaces.data_source import RawSamples

    raw = RawSamples(images, np.arange(20) % 2, ("even", "odd"))
    return open_images(raw, conditional=True)


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
def test_a_batch(dataset, kind):
    x, labels = dataset.batch(kind([5, 0, 5]), in_range(-1, 1))
    assert x.shape == (3, 3, 8, 8)
    assert x.is_contiguous(memory_format=torch.channels_last)
    expected = dataset.rows[[5, 0, 5]].transpose(0, 3, 1, 2) / 127.5 - 1
    np.testing.assert_allclose(x.numpy(), expected, atol=1e-6)
    assert labels is not None
    assert labels.dtype == torch.int64
    assert labels.tolist() == [1, 0, 1]


def test_a_batch_is_a_copy(dataset):
    before = dataset.rows.copy()
    dataset.batch(np.arange(20), in_range(0, 255))[0].zero_()
    assert (dataset.rows == before).all()


def test_an_index_out_of_range_is_refused(dataset):
    with pytest.raises(IndexError):
        dataset.batch(np.array([20]), in_range(-1, 1))
