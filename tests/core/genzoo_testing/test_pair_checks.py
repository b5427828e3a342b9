"""The checks of training: a sound toy passes them, and each can fail."""

import re
from dataclasses import replace

import pytest

from genzoo.records import ArchitectureSpec
from genzoo_testing import gradient_checks as gradients
from genzoo_testing import phase_checks as phases
from genzoo_testing import save_checks as persistence
from genzoo_testing.runner import PAIR_CHECKS, applies


@pytest.mark.parametrize("check", PAIR_CHECKS, ids=lambda check: check.name)
def test_a_sound_objective_passes(pair, check):
    result = check.run(pair())
    assert result.ok, result.detail
    assert result.detail


@pytest.mark.parametrize(
    ("check", "name", "found"),
    [
        (phases.losses, "ReducedLoss", r"'fake' of phase 'generator' has shape \(\) for 8"),
        (phases.losses, "ColumnLoss", r"has shape \(8, 1\) for 8 samples"),
        (phases.losses, "InfiniteLoss", "is not finite"),
        (phases.terms, "DeadTerm", "Without any gradient: generator/perceptual"),
        (phases.terms, "NoughtTerm", "Without any gradient: generator/nothing"),
        (gradients.isolation, "ThroughGrad", "'discriminator' changes the gradients of generator"),
        (gradients.isolation, "BackwardInside", "'generator' computes the gradients of generator"),
        (gradients.isolation, "MovesOthers", "'generator' moves discriminator.layer.weight"),
        (persistence.resume, "HiddenState", "Resumed, .* tensors differ"),
        (persistence.resume, "OwnDice", "Resumed, .* tensors differ"),
    ],
)
def test_flawed_objectives_fail(pair, check, name, found):
    result = check.run(pair(name))
    assert not result.ok
    assert re.search(found, result.detail), result.detail
    assert "flaws.py:" in result.where or "toy_objectives.py:" in result.where
    assert result.why


def test_a_term_without_weight_is_named_and_may_have_no_gradient(pair):
    result = phases.terms.run(pair("NoughtTerm"))
    assert "idle" not in result.detail


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("NeverCalled", "No gradient reaches generator.spare.weight, generator.spare.bias."),
        ("ZeroGradient", "The gradient of generator.spare.weight is zero."),
    ],
)
def test_parameters_that_never_learn_fail(pair, target, found):
    result = gradients.gradients.run(pair(target=target))
    assert not result.ok
    assert result.detail == found
    assert "flaws.py:" in result.where


@pytest.mark.parametrize(
    ("requires", "found"),
    [
        (("generator",), "It uses discriminator, which `requires` does not name."),
        (
            ("generator", "discriminator", "encoder"),
            "`requires` names encoder, which no phase uses.",
        ),
    ],
)
def test_a_record_that_requires_other_parts_fails(pair, requires, found):
    subject = pair(requires=requires)
    if "encoder" in requires:
        subject = pair_with_encoder(subject)
    result = phases.phases.run(subject)
    assert not result.ok
    assert result.detail == found


def pair_with_encoder(subject):
    """The same pair, and a record of the architecture that claims an encoder."""
    entry = subject.architecture.entry
    claims = replace(entry.record, parts=(*entry.record.parts, "encoder"))
    architecture = replace(subject.architecture, entry=replace(entry, record=claims))
    return replace(subject, architecture=architecture)


def test_parts_that_no_phase_trains_are_listed(pair):
    result = phases.phases.run(pair("OneSided"))
    assert result.ok
    assert result.detail == "generator; discriminator stay as they are"


def test_a_refusal_counts_only_from_the_architectures_own_objective(pair, architecture, registry):
    own = pair("Grumpy")
    assert applies(own)
    result = phases.phases.run(own)
    assert not result.ok
    assert "not to my taste" in result.detail
    stranger = replace(own.architecture, entry=registry[ArchitectureSpec].find("toy-gan"))
    assert not applies(replace(own, architecture=stranger))
