"""Posteriors that collapse and codes that die, as any objective may declare them."""

import pytest

from genzoo.interfaces.vital_signs import CodeUse, LatentUse

UNITS = LatentUse("elbo/active_units", 100, "Raise it.")
CODES = CodeUse("vq/perplexity", 512, "Restart them.")


@pytest.mark.parametrize("active", [0.0, 1.9])
def test_a_latent_that_nothing_uses_is_a_collapse(found, make_history, active):
    log = make_history(elbo__active_units=active)
    finding = found("posterior-collapse", history=log, signs=[UNITS])
    assert finding.severity == "problem"
    assert f"{active:.1f} of 100 units" in finding.message
    assert finding.remedy == "Raise it."


def test_a_few_active_units_are_enough(found, make_history):
    log = make_history(elbo__active_units=3.0)
    assert found("posterior-collapse", history=log, signs=[UNITS]) is None
    single = LatentUse("elbo/active_units", 1, "")
    log = make_history(elbo__active_units=1.0)
    assert found("posterior-collapse", history=log, signs=[single]) is None


def test_a_latent_that_comes_alive_in_time_is_healthy(found, make_history):
    log = make_history(elbo__active_units=lambda share: 0.0 if share < 0.5 else 20.0)
    assert found("posterior-collapse", history=log, signs=[UNITS]) is None


def test_codes_that_nobody_uses_are_dead(found, make_history):
    finding = found("dead-codes", history=make_history(vq__perplexity=20.0), signs=[CODES])
    assert finding.severity == "problem"
    assert "20 of 512 codes" in finding.message
    assert finding.remedy == "Restart them."


def test_a_codebook_in_use_is_healthy(found, make_history):
    log = make_history(vq__perplexity=90.0)
    assert found("dead-codes", history=log, signs=[CODES]) is None


def test_a_young_run_is_not_judged(found, make_history):
    log = make_history(elbo__active_units=0.0, vq__perplexity=0.0, steps=100)
    assert found("posterior-collapse", history=log, signs=[UNITS]) is None
    assert found("dead-codes", history=log, signs=[CODES]) is None
