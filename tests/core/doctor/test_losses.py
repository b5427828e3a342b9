"""Losses that explode or vanish."""

import pytest

LOSSES = {"generator": ("generator/fake",), "encoder": ("elbo/distortion", "elbo/rate")}


def test_a_hundredfold_loss_explodes(found, make_history):
    log = make_history(elbo__distortion=lambda share: 500.0 if share < 0.6 else 60_000.0)
    finding = found("exploding-loss", history=log, losses=LOSSES)
    assert finding.severity == "problem"
    assert "elbo/distortion explodes: it is at 6e+04 and was 500" in finding.message
    assert "--learning-rate" in finding.remedy


@pytest.mark.parametrize(
    "curve",
    [
        lambda share: 2000 - 9000 * share,  # a likelihood that passes zero
        lambda share: 60 * (1 - 2 ** (-20 * share)),  # a rate that begins at zero
        lambda share: 1e-4 if share < 0.6 else 0.5,  # a small penalty
        lambda share: 1e6 if share < 0.02 else 100.0,  # a rough start
    ],
)
def test_losses_of_healthy_runs_do_not(found, make_history, curve):
    log = make_history(elbo__distortion=curve)
    assert found("exploding-loss", history=log, losses=LOSSES) is None


def test_what_is_only_reported_may_grow(found, make_history):
    log = make_history(elbo__other=lambda share: 1.0 if share < 0.6 else 1e6)
    assert found("exploding-loss", history=log, losses=LOSSES) is None


def test_parts_whose_losses_are_all_gone_have_nothing_to_learn_from(found, make_history):
    log = make_history(elbo__distortion=1e-5, elbo__rate=-1e-6, generator__fake=0.7)
    finding = found("vanishing-loss", history=log, losses=LOSSES)
    assert finding.severity == "problem"
    assert "losses of the encoder have stayed below 0.001" in finding.message


def test_one_of_several_losses_may_vanish(found, make_history):
    log = make_history(elbo__distortion=50.0, elbo__rate=0.0, generator__fake=0.7)
    assert found("vanishing-loss", history=log, losses=LOSSES) is None


def test_a_young_run_is_not_judged(found, make_history):
    log = make_history(elbo__distortion=lambda share: 1.0 if share < 0.6 else 1e9, steps=150)
    assert found("exploding-loss", history=log, losses=LOSSES) is None
    log = make_history(generator__fake=0.0, steps=150)
    assert found("vanishing-loss", history=log, losses=LOSSES) is None
