"""The checks of architectures: sound toys pass them, and each can fail."""

import re
from pathlib import Path

import pytest

from genzoo_testing import inverse_checks as inverses
from genzoo_testing import label_checks as labels
from genzoo_testing import network_checks as builds
from genzoo_testing import record_checks as records
from genzoo_testing import sampling_checks as sampling
from genzoo_testing import save_checks as persistence
from genzoo_testing.runner import ARCHITECTURE_CHECKS


@pytest.mark.parametrize("check", ARCHITECTURE_CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize(("name", "vae"), [("ToyGAN", False), ("TamePair", True)])
def test_sound_architectures_pass(architecture, check, name, vae):
    result = check.run(architecture(name, vae=vae, priors=("toy-prior",) if vae else ()))
    assert result.ok, result.detail
    assert result.detail


@pytest.mark.parametrize(
    ("check", "name", "found"),
    [
        (builds.builds, "MissingPart", "built the parts generator where its record says"),
        (builds.builds, "Crashing", "IndexError: list index out of range"),
        (builds.builds, "Picky", "Name one that it takes in `tiny_samples`"),
        (builds.outputs, "OutOfRange", r"outside \[-1, 1\]"),
        (builds.outputs, "WrongShape", r"A sample has shape \(3, 8, 9\), not \(3, 8, 8\)"),
        (builds.outputs, "ColumnLogits", r"A logit has shape \(1,\), not \(\)"),
        (labels.labels, "LabelsIgnored", "Labels 0 and 1 give the same samples"),
        (sampling.sampling_changes_nothing, "MovedStatistics", "changes .*running_mean"),
        (sampling.sampling_changes_nothing, "GlobalNoise", "global random stream"),
        (sampling.sampling_independent_of_batch, "CoupledSamples", "in batches of 2 differ"),
        (persistence.save_and_load, "UnsavedState", "other samples from the prior 'default'"),
    ],
)
def test_flawed_architectures_fail(architecture, check, name, found):
    result = check.run(architecture(name))
    assert not result.ok
    assert re.search(found, result.detail), result.detail
    assert "flaws.py:" in result.where
    assert result.why


@pytest.mark.parametrize(
    ("name", "config", "found"),
    [
        ("Tunable", "TunableConfig", "3 options"),
        ("Deaf", "TunableConfig", "DeafGenerator.strength is not the option of that name"),
        ("Tunable", "ClashingConfig", "truncation are arguments of Model.sample"),
        ("Tunable", "MissingConfig", "steps are not fields of its config"),
    ],
)
def test_sampling_options_are_those_of_the_part_that_samples(architecture, name, config, found):
    fields = {"target": f"tunable:{name}", "config": f"tunable:{config}"}
    parts = {"parts": ("generator",), "inference": ("generator",)}
    result = sampling.sampling_options.run(architecture(**fields, **parts))
    assert result.ok == (found == "3 options")
    assert found in result.detail


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("toy_flow:ToyFlow", "the Jacobian's"),
        ("flaws:WithoutWayBack", "not the latent that made it"),
        ("flaws:WithWrongDeterminant", r"log\|det\| is .* where the Jacobian's is"),
    ],
)
def test_inverses(architecture, target, found):
    fields = {"parts": ("flow",), "inference": ("flow",), "objective": "likelihood"}
    result = inverses.inverse.run(architecture(target=target, **fields))
    assert result.ok == target.startswith("toy_flow")
    assert re.search(found, result.detail), result.detail
    assert result.ok or "flaws.py:" in result.where


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("WithSummedKL", r"KL divergence has shape \(\), not \(6,\)"),
        ("WithNegativeKL", "below zero"),
        ("WithTiledRows", "each row twice in succession"),
        ("WithMeanLogDensity", "log density has shape"),
        ("WildDraws", r"A draw of the likelihood has values from .* outside \[0, 1\]"),
    ],
)
def test_flawed_distributions_fail(architecture, name, found):
    result = builds.outputs.run(architecture(name, vae=True))
    assert not result.ok
    assert re.search(found, result.detail), result.detail
    assert "flaws.py:" in result.where or "toys.py:" in result.where


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"inference": ("decoder",)}, "`inference` names"),
        ({"inference": ()}, "`inference` names nothing"),
        ({"objective": "elbo"}, r"trains \['encoder', 'decoder'\]"),
        ({"objective": "gam"}, "Did you mean gan"),
        ({"objective_defaults": {"gamma": 1.0}}, "has no option 'gamma'"),
        ({"priors": ("none",)}, "There is no prior named 'none'"),
    ],
)
def test_wrong_references_fail(architecture, fields, found):
    result = records.references.run(architecture(**fields))
    assert not result.ok
    assert re.search(found, result.detail), result.detail


def test_a_model_needs_a_part_that_makes_samples(architecture):
    result = builds.builds.run(architecture(inference=("discriminator",)))
    assert not result.ok
    assert "genzoo.Generator or genzoo.Decoder" in result.detail


def test_the_line_that_raised_is_named(architecture):
    result = builds.builds.run(architecture("Crashing"))
    file, _, line = result.where.rpartition(":")
    text = Path(file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert 'raise IndexError("list index out of range")' in text


def test_an_architecture_may_refuse_classes(architecture):
    result = labels.labels.run(architecture("OutOfRange"))
    assert result.ok
    assert result.detail == "takes no classes: There are no classes here."
