"""Data and samples that leave a part of the range unused."""

import torch


def test_data_in_half_of_the_range_are_narrow(found, noise):
    finding = found("narrow-data", real=0.5 + noise(64) / 2, step=0)
    assert finding.severity == "warning"
    assert "only 50% to 100%" in finding.message


def test_data_that_fill_most_of_the_range_are_not(found, noise):
    assert found("narrow-data", real=0.2 + 0.6 * noise(64), step=0) is None


def test_samples_stuck_at_an_end_are_saturated(found, noise):
    stuck = (noise(64) > 0.5).float()
    finding = found("saturated-samples", samples=stuck, real=noise(64, 1))
    assert finding.severity == "problem"
    assert "100% of the values" in finding.message


def test_samples_that_are_black_where_the_data_are_are_not(found, noise):
    ink = noise(64) * (torch.arange(48) < 10)
    assert found("saturated-samples", samples=ink, real=ink.flip(0)) is None
    assert found("saturated-samples", samples=noise(64), real=ink) is None
