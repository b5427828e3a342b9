"""What a run says of its health while it trains, and keeps in `doctor.json`."""

import json
import shutil

import ailing_objectives
import numpy as np
import pytest
import torch
from ailing_objectives import sloping_images

from genzoo.doctor.doctor_record import DoctorRecord
from genzoo.errors import DivergenceError
from genzoo.system.processors import OtherPrograms
from genzoo.system.thread_waiting import Waiting, sharing_processors
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.reporter import Reporter


class Listener(Reporter):
    """Keeps what was told of findings."""

    def __init__(self):
        self.told = []

    def note(self, message):
        if message.startswith(("Problem", "Warning", "Note", "The doctor")):
            self.told.append(message)


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def ailing_plan(registry, make_plan, hasty_doctor):
    """A plan of 20 steps whose objective reports what it is told to."""
    registry.add_all(ailing_objectives.genzoo_objectives(), "genzoo-ailing", "1")

    def make(steps=20, **config):
        plan = make_plan(
            "toy-vae",
            objective_config=config,
            steps=steps,
            log_every=2,
            snapshot_every=10,
            checkpoint_every=20,
        )
        return plan.model_copy(update={"objective": "ailing"})

    return make


def findings(folder):
    record = DoctorRecord.read(folder / "doctor.json")
    return {found.name: (found.first_step, found.last_step) for found in record.findings}


def test_a_strangers_objective_is_examined_by_what_it_declares(
    tmp_path, registry, ailing_plan, listener
):
    train_run(ailing_plan(used_codes=3, active_units=0), tmp_path / "run", registry, listener)
    seen = findings(tmp_path / "run")
    assert seen["dead-codes"] == seen["posterior-collapse"] == (20, 20)
    (codes,) = (message for message in listener.told if "dead-codes" in message)
    assert codes == (
        "Problem (dead-codes): Only about 3 of 64 codes are in use: the others are dead. "
        "Type --restart-codes."
    )


def test_nothing_is_said_of_a_healthy_run(tmp_path, registry, ailing_plan, data, listener):
    sloping_images(data)
    train_run(ailing_plan(), tmp_path / "run", registry, listener)
    assert listener.told == []
    record = json.loads((tmp_path / "run/doctor.json").read_text())
    assert record["step"] == 20
    assert record["losses"] == {"encoder and decoder": ["bound/distortion", "bound/rate"]}
    assert record["findings"] == []


def test_a_finding_is_told_once_and_survives_a_resume(tmp_path, registry, ailing_plan, listener):
    out = tmp_path / "run"
    train_run(ailing_plan(used_codes=3), out, registry, listener)
    told = list(listener.told)
    assert any("dead-codes" in message for message in told)
    resume_run(out, registry, listener, {"steps": 30})
    assert listener.told == told
    assert findings(out)["dead-codes"] == (20, 30)


def test_what_was_found_after_the_checkpoint_that_a_run_goes_on_from_is_told_again(
    tmp_path, registry, ailing_plan, listener
):
    plan = ailing_plan(used_codes=3)
    often = plan.training.model_copy(update={"checkpoint_every": 10})
    out = tmp_path / "run"
    train_run(plan.model_copy(update={"training": often}), out, registry, listener)
    assert findings(out)["dead-codes"] == (20, 20)
    shutil.rmtree(out / "checkpoints" / "step-000000020")
    resume_run(out, registry, listener)
    assert sum("dead-codes" in message for message in listener.told) == 2


def test_samples_that_are_apart_from_the_data_are_told_of(
    tmp_path, registry, ailing_plan, data, listener
):
    sloping_images(data)
    train_run(ailing_plan(dimming=1.0, learning_rate=0.1), tmp_path / "run", registry, listener)
    assert findings(tmp_path / "run")["distant-samples"] == (20, 20)
    distance = DoctorRecord.read(tmp_path / "run/doctor.json").distance
    assert distance[20] > max(0.3, distance[0], distance[10])
    (told,) = (message for message in listener.told if "distant-samples" in message)
    assert f"Samples lie at an energy distance of {distance[20]:.2f} from the data" in told


def test_data_in_half_of_the_range_are_told_of_before_the_first_step(
    tmp_path, registry, make_plan, data, listener
):
    images = np.load(data)["images"]
    np.savez(data, images=128 + images // 2)
    train_run(make_plan(), tmp_path / "run", registry, listener)
    (told,) = listener.told
    assert "Warning (narrow-data): The data use only 50% to 100%" in told
    assert findings(tmp_path / "run") == {"narrow-data": (0, 12)}


def test_losses_are_known_by_the_parts_that_minimise_them(tmp_path, registry, make_plan):
    """A lazy penalty is one of the discriminator's losses, though a phase of its own."""
    train_run(make_plan(), tmp_path / "run", registry)
    assert DoctorRecord.read(tmp_path / "run/doctor.json").losses == {
        "discriminator": ("penalty/r1", "discriminator/fake", "discriminator/real"),
        "generator": ("generator/fake",),
    }


def test_the_end_by_divergence_is_kept(tmp_path, registry, make_plan):
    out = tmp_path / "run"
    with pytest.raises(DivergenceError):
        train_run(make_plan(objective_config={"poison_at": 9}), out, registry)
    (found,) = DoctorRecord.read(out / "doctor.json").findings
    assert (found.name, found.severity) == ("diverged", "problem")
    assert "discriminator/real is no longer a finite number" in found.message
    assert "--learning-rate" in found.remedy


def test_an_objective_that_fails_to_declare_does_not_stop_the_run(
    tmp_path, registry, ailing_plan, listener
):
    result = train_run(ailing_plan(raises=True), tmp_path / "run", registry, listener)
    assert result.steps == 20
    (told,) = (message for message in listener.told if message.startswith("The doctor"))
    assert told.endswith("its vital_signs raised an error: RuntimeError: it hurts")


def test_weights_that_stay_where_they_are_are_noticed(
    tmp_path, registry, make_plan, listener, hasty_doctor
):
    plan = make_plan(objective_config={"learning_rate": 1e-9}, steps=20, snapshot_every=10)
    train_run(plan, tmp_path / "run", registry, listener)
    assert any(
        "Problem (stalled): What makes samples learns nothing" in told for told in listener.told
    )


def test_waiting_for_data_is_measured(tmp_path, registry, make_plan):
    train_run(make_plan(), tmp_path / "run", registry)
    lines = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert all(0 < line["data_share"] < 1 for line in lines)


def test_processors_that_others_take_are_measured_and_told_once(
    tmp_path, registry, make_plan, monkeypatch
):
    told = []
    monkeypatch.setattr(Reporter, "note", lambda self, message: told.append(message))
    monkeypatch.setattr(OtherPrograms, "read", lambda self: 100.0)
    monkeypatch.setattr(Waiting, "asleep", True)
    monkeypatch.setattr(sharing_processors(), "short", 1.0)
    train_run(make_plan(), tmp_path / "run", registry)
    lines = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert {line["processors_short"] for line in lines} == {torch.get_num_threads()}
    assert {line["threads_spin"] for line in lines} == {0}
    assert sum(message.startswith("Other programs keep") for message in told) == 1


def test_slow_data_starve_the_run(
    tmp_path, registry, make_plan, listener, hasty_doctor, monkeypatch
):
    from genzoo.data.batch_stream import Gather

    read = Gather.__call__

    def slowly(self, indices, spec, device="cpu"):
        self.seconds += 1.0
        return read(self, indices, spec, device)

    monkeypatch.setattr(Gather, "__call__", slowly)
    plan = make_plan("toy-vae", steps=20, snapshot_every=20, checkpoint_every=20)
    train_run(plan, tmp_path / "run", registry, listener)
    assert any("Warning (starved): Training waits for its data" in told for told in listener.told)
