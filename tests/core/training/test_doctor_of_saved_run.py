"""Examining a run from its folder, whatever has become of it."""

import json

import ailing_objectives
import numpy as np
import pytest

from genzoo.doctor.doctor_record import DoctorRecord
from genzoo.errors import UsageError
from genzoo.training.begin_and_resume import train_run
from genzoo.training.doctor_of_saved_run import diagnose_run


@pytest.fixture
def make_run(tmp_path, registry, make_plan, hasty_doctor):
    """Trains a toy VAE on noise, which it makes grey images of, for 20 steps."""
    registry.add_all(ailing_objectives.genzoo_objectives(), "genzoo-ailing", "1")

    def make(**config):
        plan = make_plan("toy-vae", objective_config=config, steps=20, snapshot_every=20)
        train_run(plan.model_copy(update={"objective": "ailing"}), tmp_path / "run", registry)
        return tmp_path / "run"

    return make


def names(diagnosis):
    return {f.name for f in diagnosis.record.findings if diagnosis.record.current(f)}


def test_a_run_is_examined_anew_and_left_alone(registry, make_run):
    out = make_run(used_codes=3)
    (out / "doctor.json").unlink()
    before = sorted(path for path in out.rglob("*"))
    diagnosis = diagnose_run(out, registry)
    assert names(diagnosis) == {"dead-codes", "mode-collapse"}
    assert not diagnosis.healthy
    assert diagnosis.record.step == 20
    assert sorted(path for path in out.rglob("*")) == before
    # What a run minimises is known from its doctor.json alone.
    assert set(diagnosis.unexamined) == {"exploding-loss", "vanishing-loss"}


def test_what_was_seen_while_training_is_known(registry, make_run):
    out = make_run()
    old = DoctorRecord.read(out / "doctor.json")
    noted = old.model_dump(mode="json")
    seen = {"severity": "problem", "message": "It was.", "remedy": "Do.", "first_step": 10}
    noted["findings"] = [
        {"name": "starved", **seen, "last_step": 10},
        {"name": "stalled", **seen, "last_step": 20},
        {"name": "diverged", **seen, "last_step": 20},
    ]
    (out / "doctor.json").write_text(json.dumps(noted))
    diagnosis = diagnose_run(out, registry)
    # Only while training can it be seen whether weights move, and how a run ends.
    assert names(diagnosis) == {"stalled", "diverged", "mode-collapse"}
    assert [f.name for f in diagnosis.record.findings] == [
        "starved",
        "stalled",
        "diverged",
        "mode-collapse",
    ]
    assert diagnosis.unexamined == {}


def test_without_its_data_a_run_is_examined_as_far_as_possible(registry, make_run, data):
    out = make_run(used_codes=3)
    data.unlink()
    diagnosis = diagnose_run(out, registry)
    assert "dead-codes" in names(diagnosis)
    assert set(diagnosis.unexamined) == {
        "mode-collapse",
        "memorisation",
        "narrow-data",
        "saturated-samples",
        "distant-samples",
    }
    assert str(data) in diagnosis.unexamined["memorisation"]


def test_data_that_have_changed_are_not_compared_with(registry, make_run, data):
    out = make_run()
    np.savez(data, images=np.zeros((40, 8, 8, 3), np.uint8))
    diagnosis = diagnose_run(out, registry)
    assert diagnosis.unexamined["mode-collapse"] == "The data has changed since the run began."


def test_of_a_run_that_knew_its_data_by_times_that_is_said(registry, make_run):
    out = make_run()
    text = (out / "run.json").read_text(encoding="utf-8")
    old = text.replace('"format_version": 2', '"format_version": 1')
    (out / "run.json").write_text(old, encoding="utf-8")
    assert "older genzoo" in diagnose_run(out, registry).unexamined["mode-collapse"]


def test_a_run_that_saved_no_model_is_examined_as_far_as_possible(registry, make_run):
    import shutil

    out = make_run(used_codes=3)
    shutil.rmtree(out / "artifact")
    diagnosis = diagnose_run(out, registry)
    assert "dead-codes" in names(diagnosis)
    assert diagnosis.unexamined["memorisation"] == "The run has saved no model yet."


def test_a_run_that_has_done_nothing_yet_has_no_findings(registry, make_run):
    import shutil

    out = make_run(used_codes=3)
    shutil.rmtree(out / "artifact")
    (out / "metrics.jsonl").unlink()
    (out / "doctor.json").unlink()
    diagnosis = diagnose_run(out, registry)
    assert diagnosis.healthy
    assert diagnosis.record.findings == ()


def test_a_folder_that_is_no_run_is_refused(tmp_path, registry):
    with pytest.raises(UsageError, match="is not a run"):
        diagnose_run(tmp_path, registry)
