"""Errors and likeness of image pairs against their definitions."""

import numpy as np
import pytest
import torch

from genzoo_metrics.reconstruction import (
    signal_to_noise,
    squared_error,
    structural_similarity,
)


def images(seed, side=16):
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(seed)).double()


def brute_force(x, y):
    """Wang et al. 2004, window by window, for one plane."""
    place = np.arange(11) - 5
    weights = np.exp(-(place[:, None] ** 2 + place[None] ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    found = []
    for top in range(len(x) - 10):
        for left in range(len(x) - 10):
            a, b = (plane[top : top + 11, left : left + 11] for plane in (x, y))
            means = (weights * a).sum(), (weights * b).sum()
            spread = [(weights * (p - m) ** 2).sum() for p, m in zip((a, b), means, strict=True)]
            joint = (weights * (a - means[0]) * (b - means[1])).sum()
            found.append(
                (2 * means[0] * means[1] + 1e-4)
                * (2 * joint + 9e-4)
                / ((means[0] ** 2 + means[1] ** 2 + 1e-4) * (sum(spread) + 9e-4))
            )
    return np.mean(found)


def test_structural_similarity_is_that_of_the_definition():
    x, y = images(0), (images(0) + 0.3 * images(1)).clamp(0, 1)
    expected = [
        np.mean([brute_force(x[n, c].numpy(), y[n, c].numpy()) for c in range(3)]) for n in range(2)
    ]
    assert structural_similarity(x, y).tolist() == pytest.approx(expected, rel=1e-9)


def test_equal_images_are_as_alike_as_can_be():
    x = images(0)
    assert structural_similarity(x, x).tolist() == pytest.approx([1.0, 1.0])
    assert signal_to_noise(x, x).tolist() == [100.0, 100.0]
    assert squared_error(x, x).tolist() == [0.0, 0.0]


def test_signal_to_noise_of_a_known_error():
    x = torch.zeros(1, 3, 4, 4)
    assert squared_error(x, x + 0.1).item() == pytest.approx(0.01)
    assert signal_to_noise(x, x + 0.1).item() == pytest.approx(20.0)


def test_images_smaller_than_the_window_have_a_smaller_one():
    assert structural_similarity(images(0, 4), images(1, 4)).shape == (2,)


def test_a_faint_pattern_on_white_is_judged_as_exactly_in_single_precision():
    x = 1 - 1e-3 * images(0)
    y = 1 - 1e-3 * images(1)
    expected = [
        np.mean([brute_force(x[n, c].float().double().numpy(), y[n, c].float().double().numpy())
                 for c in range(3)]) for n in range(2)
    ]  # fmt: skip
    assert structural_similarity(x.float(), y.float()).tolist() == pytest.approx(expected, rel=1e-9)
