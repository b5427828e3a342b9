"""The checks of records, configs and priors, and that each can fail."""

import pytest

from genzoo import (
    CommandSpec,
    DatasetSpec,
    DataSourceSpec,
    KindSpec,
    ModelSpec,
    ObjectiveSpec,
    PriorSpec,
    TrackerSpec,
)
from genzoo.plugins.hookspecs import RECORD_HOOKS
from genzoo.records import ArchitectureSpec
from genzoo_testing import config_checks as configs
from genzoo_testing import kind_checks as kinds
from genzoo_testing import prior_checks as priors
from genzoo_testing import record_checks as records
from genzoo_testing.check_targets import RecordSubject


def objective(**fields):
    facts = {
        "name": "x",
        "family": "toys",
        "target": "flaws:Sound",
        "config": "toy_objectives:ToyObjectiveConfig",
        "requires": ("generator",),
    }
    return ObjectiveSpec(**(facts | fields))


@pytest.mark.parametrize("record", [ArchitectureSpec, ObjectiveSpec, PriorSpec])
def test_sound_records_pass(registry, record):
    for entry in registry[record].values():
        subject = RecordSubject(registry, entry)
        for check in (records.record, configs.config_json, configs.config_documented):
            result = check.run(subject)
            assert result.ok, result.detail


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (objective(target="flaws:Absent"), "has no attribute 'Absent'"),
        (objective(target="absent:Thing"), "No module named 'absent'"),
        (objective(target="flaws:Picky"), "flaws:Picky is not a subclass of genzoo.Objective"),
        (objective(target="sketches:stripes"), "is not a subclass of genzoo.Objective"),
        (objective(config="flaws:Picky"), "flaws:Picky is not a subclass of genzoo.Config"),
        (
            PriorSpec(name="x", target="flaws:NotAPrior", config="toys:ToyPriorConfig"),
            "is not a subclass of genzoo.FittedPrior",
        ),
        (DatasetSpec(name="x", target="toys:LATENT", version="1"), "not a function"),
        (DataSourceSpec(name="x", target="toys:LATENT", endings=(".x",)), "not a function"),
        (
            DataSourceSpec(name="x", target="sketches:stripes", matches="flaws:takes_all"),
            "takes an empty folder for its own",
        ),
        (CommandSpec(name="x", target="sketches:stripes"), "is not a click command"),
        (TrackerSpec(name="x", target="flaws:Sound"), "is not a subclass of genzoo.Tracker"),
        (ModelSpec(name="x", architecture="toy-gam", location="a/b"), "Did you mean toy-gan"),
        (
            ModelSpec(name="x", architecture="toy-gan", location="somewhere"),
            "neither a folder nor owner/repo",
        ),
        (ModelSpec(name="x", architecture="toy-gan", location="/absent"), "no artifact in /absent"),
    ],
)
def test_records_of_what_is_not_there_fail(record, made, found):
    result = records.record.run(record(made))
    assert not result.ok
    assert found in result.detail


@pytest.mark.parametrize(
    "made",
    [
        DatasetSpec(name="x", target="sketches:stripes", version="1"),
        DataSourceSpec(name="x", target="sketches:stripes", prefixes=("x:",)),
        DataSourceSpec(
            name="x", target="sketches:stripes", matches="genzoo_sources.shard_files:matches"
        ),
        CommandSpec(name="x", target="genzoo.cli.models:command"),
        TrackerSpec(name="x", target="absent:Tracker", requires=("absent_module",)),
        ModelSpec(name="x", architecture="toy-gan", location="owner/repo@main"),
    ],
)
def test_sound_records_of_other_kinds_pass(record, made):
    result = records.record.run(record(made))
    assert result.ok, result.detail


@pytest.mark.parametrize(
    ("check", "config", "found"),
    [
        (configs.config_json, "ForgetfulConfig", "JSON gives back another width"),
        (configs.config_documented, "BareConfig", "Without a description: width."),
        (configs.config_documented, "LooseConfig", "A number without a bound: betas."),
    ],
)
def test_flawed_configs_fail(record, check, config, found):
    result = check.run(record(objective(config=f"flaws:{config}")))
    assert not result.ok
    assert found in result.detail
    assert "flaws.py:" in result.where


def test_bounds_are_found_wherever_pydantic_takes_them(record):
    sketch = objective(config="sketches:SketchLossConfig")
    assert configs.config_documented.run(record(sketch)).ok
    other = objective(name="y", config="sketches:OtherLossConfig")
    assert configs.config_documented.run(record(other)).detail.endswith("margin.")


def test_values_other_than_the_defaults_survive_json(architecture):
    result = configs.tiny_config_json.run(architecture(config="flaws:ForgetfulConfig"))
    assert not result.ok
    assert "JSON gives back another width" in result.detail


def test_a_sound_prior_fits(prior):
    result = priors.prior_fits.run(prior("ToyPrior"))
    assert result.ok, result.detail


@pytest.mark.parametrize(
    ("name", "found"),
    [("CoupledPrior", "drawn alone differs"), ("FlatDensity", "The log density is not")],
)
def test_flawed_priors_fail(prior, name, found):
    result = priors.prior_fits.run(prior(name))
    assert not result.ok
    assert found in result.detail
    assert "flaws.py:" in result.where


def points(target):
    return KindSpec(name="points", target=target, config="points_kind:PointOptions")


@pytest.mark.parametrize(
    "made",
    [
        points("points_kind:PointsKind"),
        KindSpec(
            name="image",
            target="genzoo.media.image_kind:ImageKind",
            config="genzoo.media.image_options:ImageOptions",
        ),
    ],
    ids=lambda made: made.name,
)
def test_sound_kinds_pass(record, made):
    subject = record(made)
    for check in (records.record, kinds.kind_keeps_samples):
        result = check.run(subject)
        assert result.ok, result.detail


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("DoublePoints", "rows of float64"),
        ("FarPoints", "outside [-1, 1]"),
        ("MirroredPoints", "back are other rows"),
        ("FlatPicture", "A picture is uint8 of shape (64, 64)"),
        ("EmptyFile", "A .png file is empty."),
        ("Misnamed", "is not a genzoo.Kind with that name"),
    ],
)
def test_flawed_kinds_fail(record, name, found):
    result = kinds.kind_keeps_samples.run(record(points(f"flaws:{name}")))
    assert not result.ok
    assert found in result.detail
    assert "flaws.py:" in result.where


def test_every_kind_of_record_has_a_check():
    names = {kind.what for kind in RECORD_HOOKS.values()}
    assert names <= {*records.BASES, *records._OTHERS}
