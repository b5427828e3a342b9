"""Training in the latents of an autoencoder."""

import json
import os
import shutil
import signal

import numpy as np
import pytest
import torch
import toy_autoencoders
from run_comparison import assert_same_runs
from toy_autoencoders import save_autoencoder

import genzoo
from genzoo.artifact.format import read_config
from genzoo.artifact.load import load_model
from genzoo.artifact.save import save_model
from genzoo.data.open_dataset import open_dataset
from genzoo.errors import ArtifactError, CapabilityError, DataError, SpecError, UsageError
from genzoo.model.model import Model
from genzoo.training import doctor_of_saved_run
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import read_newest
from genzoo.training.doctor_of_saved_run import diagnose_run
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data


@pytest.fixture
def registry(registry):
    registry.add_all(toy_autoencoders.genzoo_architectures(), "genzoo-autoencoders", "1")
    return registry


@pytest.fixture
def halves(tmp_path):
    """Images of black and white, as much of one as of the other in every channel."""
    rng = np.random.default_rng(1)
    levels = np.repeat(np.array([0, 255], np.uint8), 40 * 8 * 8 // 2)
    images = np.stack([rng.permutation(levels) for _ in range(3)], -1).reshape(40, 8, 8, 3)
    path = tmp_path / "halves.npz"
    np.savez(path, images=images, labels=np.arange(40) % 2)
    return path


@pytest.fixture
def through(make_plan):
    """Plans of training through an autoencoder."""

    def make(model, architecture="toy-gan", data=None, **options):
        source = {"through": str(model)}
        source |= {key: options.pop(key) for key in ("flips", "stream") if key in options}
        plan = make_plan(architecture, **options)
        source |= {} if data is None else {"data": str(data)}
        return plan.model_copy(update={"data": plan.data.model_copy(update=source)})

    return make


def alter(model, registry):
    """Save it with another weight."""
    loaded = load_model(model, registry)
    loaded.parts["encoder"].weight.data += 1
    save_model(loaded, model, registry=registry, preview=False)


def opened(plan, registry, reporter=None):
    return load_data(PlannedRun.begun(plan, registry), reporter or Reporter())


def test_through_an_identity_training_is_that_on_pixels_bit_for_bit(
    make_plan, through, registry, halves, tmp_path
):
    identity = save_autoencoder(tmp_path / "identity", registry)
    plan = make_plan()
    pixels = plan.model_copy(update={"data": plan.data.model_copy(update={"data": str(halves)})})
    train_run(pixels, tmp_path / "pixels", registry)
    train_run(through(identity, data=halves), tmp_path / "latents", registry)
    first, second = (
        read_newest(tmp_path / run / "checkpoints")[0].tensors for run in ("pixels", "latents")
    )
    assert first.keys() == second.keys()
    for group, tensors in first.items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, second[group][name]), f"{group}/{name}"
    for snapshot in (tmp_path / "pixels" / "samples").iterdir():
        other = tmp_path / "latents" / "samples" / snapshot.name
        assert other.read_bytes() == snapshot.read_bytes()


def test_a_resumed_run_through_an_autoencoder_is_the_uninterrupted_one(through, registry, tmp_path):
    class StopAt(Reporter):
        def stepped(self, step):
            if step == 7:
                os.kill(os.getpid(), signal.SIGINT)

    model = save_autoencoder(tmp_path / "model", registry, scale=3.0, shift=1.0)
    plan = through(model, "toy-vae", flips=True)
    train_run(plan, tmp_path / "whole", registry)
    assert train_run(plan, tmp_path / "parts", registry, StopAt()).interrupted
    resume_run(tmp_path / "parts", registry)
    shutil.rmtree(tmp_path / "whole" / "tensorboard", ignore_errors=True)
    shutil.rmtree(tmp_path / "parts" / "tensorboard", ignore_errors=True)
    assert_same_runs(tmp_path / "parts", tmp_path / "whole")


def test_rows_are_normalised_latents_in_half_precision(through, registry, data, tmp_path):
    model = save_autoencoder(tmp_path / "model", registry, scale=-5.0, shift=2.0)
    found = opened(through(model), registry)
    assert found.rows.dtype == np.float16
    x, _ = found.batch(np.arange(40), found.spec)
    assert (found.spec.kind, found.spec.bounded) == ("latent", False)
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(x.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-4, rtol=0)
    images = torch.from_numpy(np.load(data)["images"]).permute(0, 3, 1, 2) / 127.5 - 1
    torch.testing.assert_close(found.through.decode(x), images, atol=2e-3, rtol=0)
    torch.testing.assert_close(found.through.encode(images), x, atol=2e-3, rtol=0)


def test_flips_are_further_rows_with_the_same_labels(through, registry, data, tmp_path):
    model = save_autoencoder(tmp_path / "model", registry)
    found = opened(through(model, flips=True, conditional=True), registry)
    x, labels = found.batch(np.arange(80), found.spec)
    assert torch.equal(x[40:], x[:40].flip(-1))
    assert torch.equal(labels[:40], labels[40:])
    assert len(found.content) == 40


def test_latents_are_encoded_once_and_anew_for_another_autoencoder(
    through, registry, tmp_path, monkeypatch
):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))

    class Encoded(Reporter):
        def __init__(self):
            self.heard = []

        def encoding(self, done, total):
            self.heard.append((done, total))

    model = save_autoencoder(tmp_path / "model", registry, scale=1.5)
    first = Encoded()
    opened(through(model), registry, first)
    assert first.heard == [(40, 40)]
    second = Encoded()
    opened(through(model), registry, second)
    assert second.heard == []
    other = save_autoencoder(tmp_path / "other", registry, scale=1.5)
    alter(other, registry)
    third = Encoded()
    opened(through(other), registry, third)
    assert third.heard == [(40, 40)]


def test_a_model_is_complete_without_its_autoencoder(through, registry, tmp_path):
    model = save_autoencoder(tmp_path / "model", registry, scale=4.0, shift=-1.0)
    result = train_run(through(model, conditional=True), tmp_path / "run", registry)
    made = genzoo.load(result.artifact, registry=registry)
    expected = made.sample(5, seed=3)
    shutil.rmtree(model)
    again = genzoo.load(result.artifact, registry=registry)
    assert torch.equal(again.sample(5, seed=3), expected)
    assert again.sample_spec.kind == "image"
    assert again.sample_spec.classes == ("0", "1")
    assert (again.sample_spec.low, again.sample_spec.high) == (-1.0, 1.0)
    assert again.kind.config.size == 8
    assert genzoo.verify(result.artifact, registry=registry).ok
    assert "the latents of" in (result.artifact / "README.md").read_text()


def test_an_encoder_in_latents_encodes_content(through, registry, tmp_path):
    model = save_autoencoder(tmp_path / "model", registry, scale=4.0)
    result = train_run(through(model, "toy-vae"), tmp_path / "run", registry)
    made = genzoo.load(result.artifact, registry=registry)
    x = torch.rand(3, 3, 8, 8) * 2 - 1
    inner = made.parts["encoder"](made.through.encode(x)).mode()
    torch.testing.assert_close(made.encode(x), inner)
    assert made.reconstruct(x).shape == x.shape
    assert made.sample(2, prior="toy-prior").shape == (2, 3, 8, 8)


def test_the_doctor_compares_content_with_content(through, registry, data, tmp_path, monkeypatch):
    model = save_autoencoder(tmp_path / "model", registry, scale=4.0)
    train_run(through(model), tmp_path / "run", registry)
    seen = []
    monkeypatch.setattr(doctor_of_saved_run, "examine", lambda evidence: seen.append(evidence))
    with pytest.raises(AttributeError):
        diagnose_run(tmp_path / "run", registry)
    (evidence,) = seen
    images = torch.from_numpy(np.load(data)["images"]).permute(0, 3, 1, 2).flatten(1) / 255
    assert evidence.absent.get("data") is None
    torch.testing.assert_close(evidence.real, images, atol=1e-6, rtol=0)
    assert evidence.samples.shape[1] == 3 * 8 * 8
    assert 0 <= evidence.samples.min() <= evidence.samples.max() <= 1


def test_a_run_records_where_its_autoencoder_is(through, registry, tmp_path, monkeypatch):
    model = save_autoencoder(tmp_path / "model", registry)
    monkeypatch.chdir(tmp_path)
    train_run(through("model"), tmp_path / "run", registry)
    plan = json.loads((tmp_path / "run" / "run.json").read_text())["plan"]
    assert plan["data"]["through"] == str(model)
    assert plan["data"]["kind"] == "genzoo/image"
    assert read_config(tmp_path / "run" / "artifact").through.name == "model"
    assert str(model) not in (tmp_path / "run" / "artifact" / "README.md").read_text()


def test_an_autoencoder_takes_other_sizes_where_it_can(through, registry, tmp_path):
    model = save_autoencoder(tmp_path / "model", registry)
    plan = through(model)
    larger = plan.data.model_copy(update={"options": {"size": 16}})
    found = opened(plan.model_copy(update={"data": larger}), registry)
    assert found.spec.shape == (3, 16, 16)
    assert found.content.spec.shape == (3, 16, 16)


def test_the_size_of_images_is_the_autoencoders_unless_another_is_asked_for(
    through, registry, tmp_path
):
    model = save_autoencoder(tmp_path / "model", registry)
    path = model / "config.json"
    content = json.loads(path.read_text())
    content["kind_options"] = {}  # As those of models of other software are.
    path.write_text(json.dumps(content))
    larger = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), dtype=np.uint8)
    found = load_data(PlannedRun.begun(through(model), registry, larger), Reporter())
    assert found.content.kind.config.size == 8


def test_a_changed_autoencoder_is_no_longer_the_runs(through, registry, tmp_path):
    model = save_autoencoder(tmp_path / "model", registry)
    train_run(through(model), tmp_path / "run", registry)
    alter(model, registry)
    with pytest.raises(DataError, match="has changed since"):
        resume_run(tmp_path / "run", registry, changes={"steps": 20})


def test_what_cannot_be_feature_networks_is_refused(
    through, make_plan, registry, artifact, tmp_path
):
    model = save_autoencoder(tmp_path / "model", registry)
    labelled = save_autoencoder(tmp_path / "labelled", registry, classes=("a", "b"))
    with pytest.raises(SpecError, match="cannot be trained through"):
        opened(through(model, "linear-autoencoder"), registry)
    with pytest.raises(CapabilityError, match="cannot encode or reconstruct"):
        opened(through(artifact), registry)
    with pytest.raises(CapabilityError, match="has classes"):
        opened(through(labelled), registry)
    with pytest.raises(UsageError, match="cannot be streamed"):
        opened(through(model, stream=True), registry)
    plan = make_plan()
    mirrored = plan.data.model_copy(update={"flips": True})
    with pytest.raises(UsageError, match="--flips is of latents"):
        opened(plan.model_copy(update={"data": mirrored}), registry)


def test_a_model_that_works_through_another_is_no_autoencoder(through, registry, tmp_path):
    model = save_autoencoder(tmp_path / "model", registry)
    train_run(through(model, "toy-vae", steps=1), tmp_path / "run", registry)
    with pytest.raises(CapabilityError, match="works through an autoencoder itself"):
        opened(through(tmp_path / "run"), registry)


def test_latents_that_are_not_finite_are_refused(through, registry, data, tmp_path, monkeypatch):
    model = save_autoencoder(tmp_path / "model", registry, scale=7.0)
    encode = Model.encode
    monkeypatch.setattr(Model, "encode", lambda *args, **kwargs: encode(*args, **kwargs) * 1e6)
    with pytest.raises(DataError, match="not finite"):
        opened(through(model), registry)


def test_densities_of_latents_are_not_given_for_content(through, registry, tmp_path):
    model = save_autoencoder(tmp_path / "model", registry)
    result = train_run(through(model, "toy-vae", steps=1), tmp_path / "run", registry)
    made = genzoo.load(result.artifact, registry=registry)
    with pytest.raises(CapabilityError, match="a density of latents"):
        made.log_prob(torch.zeros(1, 3, 8, 8))


def test_arrays_in_memory_are_encoded_too(through, registry, data, tmp_path):
    model = save_autoencoder(tmp_path / "model", registry)
    images = np.load(data)["images"]
    found = load_data(PlannedRun.begun(through(model), registry, images), Reporter())
    same = open_dataset(images, found.content.kind)
    assert np.array_equal(found.content.rows, same.rows)


def test_a_damaged_record_of_the_autoencoder_is_an_error(through, registry, tmp_path):
    model = save_autoencoder(tmp_path / "model", registry)
    result = train_run(through(model, steps=1), tmp_path / "run", registry)
    path = result.artifact / "config.json"
    content = json.loads(path.read_text())
    content["through"]["latents"]["shape"] = [3, 4, 4]
    path.write_text(json.dumps(content))
    with pytest.raises(ArtifactError):
        genzoo.load(result.artifact, registry=registry)
