"""All checks together."""

import torch

from genzoo.doctor.evidence import Evidence, unit_rows
from genzoo.doctor.examine import CHECKS, examine
from genzoo.interfaces.vital_signs import LatentUse
from genzoo.specs import SampleSpec


def test_every_check_has_a_name_of_its_own():
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)


def test_what_there_is_no_evidence_for_is_said():
    absent = {"real": "The data are gone.", "samples": "No model was saved."}
    result = examine(Evidence(step=500, absent=absent))
    assert result.findings == ()
    assert result.unexamined["narrow-data"] == "The data are gone."
    assert result.unexamined["mode-collapse"] == "No model was saved."
    assert "exploding-loss" in result.unexamined
    assert "posterior-collapse" not in result.unexamined


def test_the_worst_comes_first(make_history, noise):
    sick = Evidence(
        step=1000,
        losses={"encoder": ("elbo/rate",)},
        history=make_history(elbo__rate=0.0, data_share=0.5),
        samples=0.5 + noise(64) / 2,
        real=0.5 + noise(64, 1) / 2,
    )
    result = examine(sick)
    assert [finding.name for finding in result.findings] == [
        "vanishing-loss",
        "narrow-data",
        "starved",
    ]


def test_what_follows_from_another_finding_is_not_told_as_well(make_history, noise):
    alike = noise(1).expand(64, -1)
    facts = {"step": 1000, "losses": {}, "samples": alike, "real": noise(64, 1)}
    log = make_history(elbo__active_units=0.0)
    signs = [LatentUse("elbo/active_units", 20, "")]
    names = [f.name for f in examine(Evidence(**facts, history=log, signs=signs)).findings]
    assert names == ["posterior-collapse"]
    assert [f.name for f in examine(Evidence(**facts)).findings] == ["mode-collapse"]
    assert [f.name for f in examine(Evidence(**facts, moved=0.0)).findings] == ["stalled"]


def test_samples_are_compared_on_a_scale_from_0_to_1():
    x = torch.tensor([[[-1.0, 0.0], [1.0, 0.5]]])
    spec = SampleSpec(shape=(2, 2), low=-1.0, high=1.0)
    assert unit_rows(x, spec).tolist() == [[0.0, 0.5, 1.0, 0.75]]
