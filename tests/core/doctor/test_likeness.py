"""Samples that are apart from the data."""

import pytest
import torch

from genzoo.doctor.distances import energy_distance


def test_samples_of_another_colour_are_distant(found, noise):
    finding = found("distant-samples", samples=noise(64) * 0.6, real=1 - noise(64, 1) * 0.6)
    assert finding.severity == "problem"
    assert "--learning-rate" in finding.remedy


def test_samples_like_the_data_are_not(found, noise):
    assert found("distant-samples", samples=noise(64), real=noise(64, 1)) is None
    softer = 0.5 + 0.6 * (noise(64) - 0.5)
    assert found("distant-samples", samples=softer, real=noise(64, 1)) is None
    darker = 0.9 * noise(64)
    assert found("distant-samples", samples=darker, real=noise(64, 1)) is None


def test_samples_that_come_nearer_than_ever_are_given_time(found, noise):
    facts = {"samples": noise(64) * 0.6, "real": 1 - noise(64, 1) * 0.6}
    now = energy_distance(facts["samples"], facts["real"])
    assert found("distant-samples", **facts, least_distance=1.2 * now) is None
    assert found("distant-samples", **facts, least_distance=1.05 * now)
    assert found("distant-samples", **facts, least_distance=0.1)


def test_samples_that_have_drifted_away_are_a_warning(found, noise):
    facts = {"samples": 0.7 * noise(64), "real": noise(64, 1)}
    now = energy_distance(facts["samples"], facts["real"])
    assert 0.1 < now < 0.3
    assert found("distant-samples", **facts) is None
    assert found("distant-samples", **facts, least_distance=now / 4) is None
    finding = found("distant-samples", **facts, least_distance=-0.001)
    assert finding.severity == "warning"
    assert f"energy distance of {now:.2f} from the data" in finding.message
    assert "as near as 0.00" in finding.message
    slightly = {"samples": 0.9 * noise(64), "real": noise(64, 1)}
    assert found("distant-samples", **slightly, least_distance=0.0) is None


def test_an_untrained_model_is_not_judged(found, noise):
    facts = {"samples": noise(64) * 0.6, "real": 1 - noise(64, 1) * 0.6}
    assert found("distant-samples", step=499, **facts) is None


def test_what_explains_the_distance_is_told_instead(found, noise):
    alike = {"samples": torch.zeros(64, 48), "real": noise(64)}
    assert found("distant-samples", **alike) is None
    assert found("mode-collapse", **alike)


def test_the_energy_distance_is_that_of_the_distributions(noise):
    same = energy_distance(noise(400), noise(400, 1))
    assert abs(same) < 0.01
    points = torch.tensor([[0.0], [2.0]])
    # 2 E|X - Y| = 20, E|X - X'| = E|Y - Y'| = 2.
    assert energy_distance(points, points + 10) == pytest.approx((20 - 2 - 2) / 2)


def test_where_there_is_nothing_to_compare_there_is_no_distance(noise):
    assert energy_distance(noise(1), noise(8)) == 0
    assert energy_distance(noise(8), noise(1)) == 0
    assert energy_distance(noise(8), torch.zeros(8, 48)) == 0
