"""The figures on the cards."""

import importlib.util
from pathlib import Path

import torch

RECIPES = Path(__file__).parents[2] / "zoo" / "recipes"


def load_measure():
    spec = importlib.util.spec_from_file_location("measure", RECIPES / "measure.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def brute_force(points, centres, neighbours):
    """The definition, point by point."""
    covered = 0
    for point in points:
        for index, centre in enumerate(centres):
            others = torch.cat([centres[:index], centres[index + 1 :]])
            radius = (others - centre).norm(dim=1).sort().values[neighbours - 1]
            if (point - centre).norm() <= radius:
                covered += 1
                break
    return covered / len(points)


def test_precision_and_recall_are_those_of_the_definition():
    measure = load_measure()
    generator = torch.Generator().manual_seed(0)
    real = torch.randn(40, 2, generator=generator)
    fake = torch.randn(30, 2, generator=generator) * 1.5 + 0.5
    precision, recall = measure.precision_and_recall(real, fake)
    assert abs(precision - brute_force(fake, real, measure.NEIGHBOURS)) < 1e-6
    assert abs(recall - brute_force(real, fake, measure.NEIGHBOURS)) < 1e-6
    assert 0 < precision < 1


def test_dropped_modes_cost_recall_and_noise_costs_precision():
    measure = load_measure()
    generator = torch.Generator().manual_seed(0)
    real = torch.randn(400, 2, generator=generator)
    real[200:] += 20
    precision, recall = measure.precision_and_recall(real, real[:200].clone())
    assert (precision, recall) == (1.0, 0.5)
    noisy = real + 5 * torch.randn(400, 2, generator=generator)
    assert measure.precision_and_recall(real, noisy)[0] < 0.5
