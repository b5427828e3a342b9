"""Trackers of services that keep many runs: one that is stopped and resumed, with no network."""

import re
import struct
from collections import defaultdict

import numpy as np
import pytest
from toy_objectives import genzoo_objectives

import genzoo
import genzoo_trackers
from genzoo.interfaces.tracker import RunDescription
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.reporter import Reporter
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig

BLOCK = 1 << 15
WHOLE, LAST = 1, 4


class Silent(genzoo.Tracker):
    def scalars(self, step, values):
        pass

    def images(self, step, name, picture):
        pass

    def close(self):
        pass


class Notes(Reporter):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def short_plan(folder, tracker):
    """Four steps of the toy GAN on noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    np.savez(folder / "data.npz", images=images)
    often = {"log_every": 2, "snapshot_every": 6, "checkpoint_every": 4}
    training = TrainingConfig(
        steps=4, batch_size=16, device="cpu", precision="fp32", tracker=(tracker,), **often
    )
    data = DataConfig(data=str(folder / "data.npz"))
    return RunPlan(architecture="toy-gan", data=data, training=training)


@pytest.fixture
def run_twice(registry, tmp_path):
    """Trains to step 4 and then, resumed, to step 8 with a tracker; returns the run's folder."""

    def run(tracker):
        registry.add_all(genzoo_objectives(), "genzoo-toy-objectives", "1")
        registry.add_all(genzoo_trackers.genzoo_trackers(), "genzoo", "1")
        reporter, folder = Notes(), tmp_path / "a-run"
        train_run(short_plan(tmp_path, tracker), folder, registry, reporter)
        resume_run(folder, registry, reporter, {"steps": 8})
        assert not [note for note in reporter.notes if "no longer follows" in note]
        return folder

    return run


def test_an_identity_is_made_once(tmp_path):
    tracker = Silent(RunDescription(tmp_path, "genzoo/dcgan", "genzoo/gan", "peeps", 0, 3))
    assert tracker.remembered("id.txt", lambda: "first") == "first"
    assert tracker.remembered("id.txt", lambda: "second") == "first"
    assert (tmp_path / "id.txt").read_text() == "first\n"


def test_options_are_on_one_level(tmp_path):
    settings = {"training": {"steps": 3}, "objective": {"betas": [0.5, 0.9]}}
    run = RunDescription(tmp_path, "genzoo/dcgan", "genzoo/gan", "peeps", 0, 3, settings)
    assert run.options == {
        "architecture": "genzoo/dcgan",
        "objective": "genzoo/gan",
        "data": "peeps",
        "training.steps": 3,
        "objective.betas": [0.5, 0.9],
    }


def test_neither_is_used_unless_asked_for():
    automatic = {record.name: record.automatic for record in genzoo_trackers.genzoo_trackers()}
    assert automatic == {"tensorboard": True, "wandb": False, "mlflow": False}


@pytest.mark.slow
# SQLAlchemy finds fault with how MLflow uses it.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_mlflow_keeps_one_run_in_the_runs_folder(run_twice, monkeypatch):
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mlflow = pytest.importorskip("mlflow")
    folder = run_twice("mlflow")
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("genzoo")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status) == ("a-run", "FINISHED")
    assert run.info.run_id == (folder / "mlflow-id.txt").read_text().strip()
    assert run.data.params["training.batch_size"] == "16"
    assert run.data.params["architecture"].endswith("/toy-gan")
    history = client.get_metric_history(run.info.run_id, "samples_per_second")
    assert [metric.step for metric in history] == [2, 4, 6, 8]
    pictures = [file.path for file in client.list_artifacts(run.info.run_id, "images")]
    shown = {re.match(r"images/(\w+)\+step\+(\d+)", path).groups() for path in pictures}
    assert shown == {("samples", step) for step in ("0", "4", "6", "8")}
    assert list((folder / "mlflow").rglob("*.png"))


@pytest.mark.slow
def test_wandb_writes_one_run_offline(run_twice, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setenv("WANDB_SILENT", "true")
    wandb = pytest.importorskip("wandb")
    folder = run_twice("wandb")
    wandb.teardown()  # Its service writes out what it still holds, as at the end of a program.
    name = (folder / "wandb-id.txt").read_text().strip()
    # Of two in one second, the folder of the second gets a number.
    files = sorted(folder.glob(f"wandb/offline-run-*-{name}*/run-{name}.wandb"))
    config, steps = {}, defaultdict(set)
    for file in files:
        for record in wandb_records(file):
            config |= {item.key: item.value_json for item in record.run.config.update}
            for item in record.history.item:
                steps["/".join(item.nested_key)].add(record.history.step.num)
    assert config["training.batch_size"] == "16"
    assert steps["samples_per_second"] == {2, 4, 6, 8}
    assert steps["samples/path"] == {0, 4, 6, 8}
    assert len(list(folder.glob("wandb/offline-run-*/files/media/images/samples_*.png"))) == 4


def wandb_records(file):
    """What `wandb sync` would send: messages in the format of LevelDB's log.

    After a header of 7 bytes, in blocks of 32 KiB, pieces of messages with a header of their own:
    a checksum of 4 bytes, a length of 2, and 1 for whole, first, middle or last.
    """
    from wandb.proto.wandb_internal_pb2 import Record

    content, place, message = file.read_bytes(), 7, b""
    while place + 7 <= len(content):
        if (left := BLOCK - place % BLOCK) < 7:
            place += left
            continue
        length, piece = struct.unpack_from("<HB", content, place + 4)
        message += content[place + 7 : place + 7 + length]
        place += 7 + length
        if piece in (WHOLE, LAST):
            record = Record()
            record.ParseFromString(message)
            message = b""
            yield record
