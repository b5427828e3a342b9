"""Frozen networks of objectives: checkpoints know them by their hash, artifacts by their name."""

import json

import numpy as np
import pytest
import torch

import genzoo
from genzoo.errors import CheckpointError
from genzoo.training.checkpoint import list_checkpoints, read_checkpoint
from genzoo.training.frozen_networks import FrozenNetworks, place
from genzoo_metrics.feature_maps import EfficientNetLite0Maps

OPTIONS = {
    "batch_size": 4,
    "size": 16,
    "tracker": ("none",),
    "device": "cpu",
    "checkpoint_every": 2,
    "snapshot_every": 100,
    "log_every": 1,
}
SMALL = {"latent_dim": 4, "width": 4, "discriminator_width": 4}


def train(out, steps, **options):
    images = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), dtype=np.uint8)
    return genzoo.train(
        "fastgan",
        images,
        out,
        steps=steps,
        config=SMALL,
        objective_config={"resolution": 32},
        **OPTIONS,
        **options,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(tmp_path_factory.mktemp("run") / "run", 2).folder


def test_a_checkpoint_has_the_hash_of_the_frozen_network_and_none_of_its_weights(run):
    checkpoint = read_checkpoint(list_checkpoints(run / "checkpoints")[-1])
    assert {name: tuple(t.shape) for name, t in checkpoint.tensors["frozen"].items()} == {
        "features": (32,)
    }
    for group, tensors in checkpoint.tensors.items():
        assert not any(name.startswith("stages.stage") for name in tensors), group


def test_an_artifact_names_it_and_has_the_generator_alone(run):
    config = json.loads((run / "artifact/config.json").read_text())
    assert config["parts"] == ["generator"]
    network = {"name": "genzoo/efficientnet-lite0", "hash": EfficientNetLite0Maps().hash}
    assert config["training"]["feature_networks"] == [network]
    model = genzoo.load(str(run))
    assert model.feature_networks == ((network["name"], network["hash"]),)


def test_a_run_goes_on_bit_for_bit_through_the_same_network(tmp_path):
    train(tmp_path / "whole", 4)
    train(tmp_path / "stopped", 2)
    images = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), dtype=np.uint8)
    genzoo.train(resume=tmp_path / "stopped", data=images, steps=4)
    for part in ("checkpoints/step-000000004", "artifact"):
        for file in (tmp_path / "whole" / part).rglob("*.safetensors"):
            other = tmp_path / "stopped" / file.relative_to(tmp_path / "whole")
            assert other.read_bytes() == file.read_bytes(), file.name


def test_a_run_does_not_go_on_through_other_weights(tmp_path, monkeypatch):
    train(tmp_path / "run", 2)
    before = EfficientNetLite0Maps.__init__

    def other(self):
        before(self)
        self.hash = "sha256:0"

    monkeypatch.setattr(EfficientNetLite0Maps, "__init__", other)
    images = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), dtype=np.uint8)
    with pytest.raises(CheckpointError, match="other frozen networks than genzoo/eff"):
        genzoo.train(resume=tmp_path / "run", data=images, steps=4)


def test_a_run_does_not_go_on_without_the_network_that_it_began_with():
    known = FrozenNetworks({"features": EfficientNetLite0Maps()}).state_dict()
    FrozenNetworks({}).load_state_dict({})
    with pytest.raises(CheckpointError, match="other frozen networks than none"):
        FrozenNetworks({}).load_state_dict(known)


def test_it_works_in_bfloat16(tmp_path):
    result = train(tmp_path / "run", 2, precision="bf16")
    log = (result.folder / "metrics.jsonl").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    assert all(np.isfinite(line["discriminator/pair"]) for line in lines)


def test_frozen_networks_stand_on_the_runs_device_without_gradients(run):
    network = EfficientNetLite0Maps().requires_grad_(True)
    place({"features": network}, torch.device("cpu"))
    assert not any(p.requires_grad for p in network.parameters())
    assert not network.training
