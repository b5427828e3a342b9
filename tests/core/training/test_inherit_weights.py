"""Training that begins with a model's weights."""

import json
import shutil

import pytest
import torch
from torch import nn

import genzoo
from genzoo.artifact.load import load_model
from genzoo.artifact.tensors import load_tensors
from genzoo.errors import CheckpointError, UsageError
from genzoo.training.begin_and_resume import resume_run
from genzoo.training.checkpoint import list_checkpoints, read_checkpoint, read_newest
from genzoo.training.inherit_weights import match
from genzoo.training.reporter import Reporter


class Told(Reporter):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture
def train(registry, data):
    """Trains a toy on the data; keyword arguments as of `genzoo.train`."""

    def run(out, architecture="toy-gan", source=data, **options):
        told = Told()
        defaults = {"steps": 4, "batch_size": 8, "device": "cpu", "precision": "fp32"}
        genzoo.train(
            architecture, source, out, reporter=told, registry=registry, **(defaults | options)
        )
        return told.notes

    return run


def first_checkpoint(folder):
    return read_checkpoint(list_checkpoints(folder / "checkpoints")[0]).tensors


@pytest.mark.parametrize("architecture", ["toy-gan", "toy-vae"])
def test_a_run_begins_with_all_that_another_run_ended_with(tmp_path, train, architecture):
    train(tmp_path / "a", architecture)
    before = read_newest(tmp_path / "a" / "checkpoints")[0].tensors
    notes = train(tmp_path / "b", architecture, start_from=tmp_path / "a", seed=5)
    begun = first_checkpoint(tmp_path / "b")
    groups = [name for name in before if name.startswith(("part.", "optimizer.", "ema"))]
    assert len(groups) >= 4
    for group in groups:
        for name, tensor in before[group].items():
            assert torch.equal(begun[group][name], tensor), f"{group}/{name}"
    assert sum("begins with all the weights" in note for note in notes) == 2


def test_an_artifact_lends_its_averages_and_the_rest_begins_anew(tmp_path, train, registry):
    train(tmp_path / "a")
    shutil.copytree(tmp_path / "a" / "artifact", tmp_path / "model")
    notes = train(tmp_path / "b", start_from=tmp_path / "model")
    begun = first_checkpoint(tmp_path / "b")
    for name, tensor in (
        load_model(tmp_path / "model", registry).parts["generator"].state_dict().items()
    ):
        assert torch.equal(begun["part.generator"][name], tensor)
        assert torch.equal(begun["ema"][f"generator.{name}"], tensor)
    assert any(note.startswith("The discriminator begins anew") for note in notes)


def test_a_model_that_keeps_its_training_state_lends_that_too(tmp_path, train):
    train(tmp_path / "a", keep_training_state=True)
    shutil.copytree(tmp_path / "a" / "artifact", tmp_path / "model")
    kept = load_tensors(tmp_path / "model" / "train" / "part.discriminator.safetensors")[0]
    train(tmp_path / "b", start_from=tmp_path / "model")
    begun = first_checkpoint(tmp_path / "b")
    assert kept
    for name, tensor in kept.items():
        assert torch.equal(begun["part.discriminator"][name], tensor)
    assert begun["optimizer.discriminator"]


def test_an_altered_training_state_is_refused(tmp_path, train):
    train(tmp_path / "a", keep_training_state=True)
    shutil.copytree(tmp_path / "a" / "artifact", tmp_path / "model")
    with (tmp_path / "model" / "train" / "part.discriminator.safetensors").open("ab") as file:
        file.write(b" ")
    with pytest.raises(genzoo.ArtifactError, match="damaged"):
        train(tmp_path / "b", start_from=tmp_path / "model")
    assert not (tmp_path / "b").exists()


def test_options_and_size_are_the_models_unless_others_are_given(tmp_path, train):
    train(tmp_path / "a", config={"width": 6})
    train(tmp_path / "b", architecture=None, start_from=tmp_path / "a")
    plan = json.loads((tmp_path / "b" / "run.json").read_text())["plan"]
    assert plan["architecture_config"]["width"] == 6
    assert plan["data"]["options"]["size"] == 8
    origin = plan["origin"]
    assert origin["name"] == str(tmp_path / "a")
    assert origin["parts"] == ["generator", "discriminator"]
    assert len(origin["files"]["model.safetensors"]) == 64


def test_what_does_not_fit_is_named_and_refused_unless_partial(tmp_path, train):
    train(tmp_path / "a")
    with pytest.raises(UsageError, match=r"generator: .* of another shape") as refused:
        train(tmp_path / "b", start_from=tmp_path / "a", config={"width": 5})
    assert "--partial" in refused.value.hint
    assert not (tmp_path / "b").exists()
    notes = train(tmp_path / "b", start_from=tmp_path / "a", config={"width": 5}, partial=True)
    assert any("left out" in note for note in notes)


def test_nothing_in_common_is_refused_even_if_partial(tmp_path, train):
    train(tmp_path / "a", "toy-vae")
    with pytest.raises(UsageError, match="No weight of"):
        train(tmp_path / "b", "toy-gan", start_from=tmp_path / "a", partial=True)


def test_a_run_that_began_with_a_model_resumes_bit_for_bit_without_it(tmp_path, train, registry):
    train(tmp_path / "a")
    train(tmp_path / "whole", start_from=tmp_path / "a", steps=6)
    train(tmp_path / "parted", start_from=tmp_path / "a", steps=6, checkpoint_every=3)
    shutil.rmtree(tmp_path / "a")
    shutil.rmtree(list_checkpoints(tmp_path / "parted" / "checkpoints")[-1])
    resume_run(tmp_path / "parted", registry)
    whole = read_newest(tmp_path / "whole" / "checkpoints")[0].tensors
    parted = read_newest(tmp_path / "parted" / "checkpoints")[0].tensors
    for group, tensors in whole.items():
        for name, tensor in tensors.items():
            if group != "meter":
                assert torch.equal(parted[group][name], tensor), f"{group}/{name}"


def test_a_run_without_the_checkpoint_it_began_with_is_not_begun_from_nothing(
    tmp_path, train, registry
):
    train(tmp_path / "a")
    train(tmp_path / "b", start_from=tmp_path / "a")
    shutil.rmtree(tmp_path / "b" / "checkpoints")
    shutil.rmtree(tmp_path / "b" / "artifact")
    with pytest.raises(CheckpointError, match="before it had saved the weights"):
        resume_run(tmp_path / "b", registry)


def test_rows_of_a_class_embedding_follow_the_names_of_the_classes():
    network = nn.ModuleDict({"classes": nn.Embedding(3, 2), "other": nn.Linear(2, 2)})
    fresh = network["classes"].weight.detach().clone()
    found = {name: torch.full_like(t, 7.0) for name, t in network["other"].state_dict().items()}
    found = {f"other.{name}": tensor for name, tensor in found.items()}
    found["classes.weight"] = torch.tensor([[1.0, 1.0], [2.0, 2.0]])
    fit = match(network, found, ("dog", "cat"), ("ant", "cat", "dog"))
    assert not fit.differences
    assert not fit.whole
    expected = torch.stack([fresh[0], torch.tensor([2.0, 2.0]), torch.tensor([1.0, 1.0])])
    assert torch.equal(fit.taken["classes.weight"], expected)


def test_a_weight_of_another_shape_is_named_and_not_taken():
    network = nn.Linear(2, 2)
    fit = match(network, {"weight": torch.zeros(3, 2), "bias": torch.zeros(2)})
    assert "weight (3, 2) instead of (2, 2)" in fit.differences
    assert set(fit.taken) == {"bias"}
