"""What an opened data set gives: batches, samples spread over it, and the same ones again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from image_data import in_range, open_images

from genzoo.data.dataset import Dataset
from genzoo.interfaces.data_source import Blocks, RawSamples


@pytest.fixture
def near(tmp_path: Path) -> Dataset:
    """Twelve images, each of a grey of its own, in two classes."""
    greys = np.arange(12, dtype=np.uint8)[:, None, None, None] * 20
    images = np.broadcast_to(greys, (12, 8, 8, 3)).copy()
    raw = RawSamples(images, np.arange(12) % 2, ("even", "odd"))
    return open_images(raw, size=8, conditional=True, cache=tmp_path)


@pytest.fixture
def far(near: Dataset) -> Dataset:
    """The same in three blocks, two of which make a window."""
    return replace(near, blocks=Blocks((4, 4, 4), window=2))


def test_samples_are_spread_over_all_that_is_at_hand(near: Dataset, far: Dataset) -> None:
    assert near.spread(4).tolist() == [0, 3, 6, 9]
    assert near.spread(100).tolist() == list(range(12))
    assert far.extent == 8
    assert far.spread(4).tolist() == [0, 2, 4, 6]


def test_samples_from_afar_are_kept_for_each_contract_and_choice(far: Dataset) -> None:
    """Asked for again, they are what `batch` gives, whatever was asked for before."""
    some, others = np.array([0, 5, 7]), np.array([1, 5, 7])
    for _ in range(2):
        for indices in (some, others, some[::-1].copy(), some[:1]):
            for spec in (in_range(-1, 1), in_range(0, 1)):
                x, labels = far.again(indices, spec)
                expected, known = far.batch(indices, spec)
                assert torch.equal(x, expected)
                assert labels is not None
                assert known is not None
                assert torch.equal(labels, known)


def test_samples_from_afar_come_once(far: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = far.again(np.array([2, 3]), in_range(-1, 1))
    monkeypatch.setattr(Dataset, "batch", None)
    assert torch.equal(far.again(np.array([2, 3]), in_range(-1, 1))[0], first)
