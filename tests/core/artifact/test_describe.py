"""Folders of other software, through the hook that any plugin has."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from toys import toy_registry

from genzoo import ArtifactError, FormatSpec
from genzoo.artifact.describe import describe
from genzoo.artifact.load import load_model
from genzoo.artifact.verify import verify
from genzoo.errors import PluginError
from genzoo.records import ArchitectureSpec
from genzoo_testing import record_checks as records
from genzoo_testing.check_targets import RecordSubject


def registry_with(target):
    registry = toy_registry()
    (toys,) = {entry.distribution for entry in registry[ArchitectureSpec].values()}
    registry.add_all([FormatSpec(name="toy-format", target=target)], toys, "1")
    return registry


@pytest.fixture
def known():
    return registry_with("toy_formats:read")


@pytest.fixture
def folder(toy_gan, tmp_path):
    folder = tmp_path / "foreign"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"maker": "toys", "width": 4}))
    save_file(toy_gan.parts["generator"].state_dict(), folder / "toy.safetensors")
    return folder


def test_a_plugin_reads_a_foreign_folder(folder, known, toy_gan):
    model = load_model(folder, known)
    assert torch.equal(model.sample(3), toy_gan.sample(3))
    described = describe(folder, known)
    assert described.format.endswith("/toy-format")
    assert described.config.sample == toy_gan.sample_spec
    assert described.config.latent == toy_gan.latent_spec


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_weights_of_a_foreign_folder_are_verified_too(folder, known, value):
    assert verify(folder, known).ok
    tensors = load_file(folder / "toy.safetensors")
    next(t for t in tensors.values() if t.is_floating_point()).view(-1)[0] = value
    save_file(tensors, folder / "toy.safetensors")
    found = verify(folder, known)
    assert not found.ok
    assert "not finite" in found.findings[-1].detail


def test_genzoos_own_folders_are_asked_about_nobody(artifact):
    known = registry_with("toy_formats:breaks")
    assert describe(artifact, known).format == ""
    load_model(artifact, known)


def test_without_the_plugin_it_is_no_model(folder, registry):
    with pytest.raises(ArtifactError, match="does not describe a genzoo model"):
        load_model(folder, registry)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"maker": "others"}, "does not describe a genzoo model"),
        ({"maker": "toys", "width": 1 << 40}, "config.json' cannot be used: Option 'width'"),
        ({"maker": "toys", "width": 4, "secret": True}, "cannot be used: It is secret"),
    ],
)
def test_what_cannot_be_used_is_refused(folder, known, content, message):
    (folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(ArtifactError, match=message):
        load_model(folder, known)


def test_without_weights_it_is_refused(folder, known):
    (folder / "toy.safetensors").unlink()
    with pytest.raises(ArtifactError, match=r"has no toy\.safetensors"):
        load_model(folder, known)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("toy_formats:breaks", "toy-format failed: TypeError"),
        ("toy_formats:strange", "returned no"),
    ],
)
def test_a_format_at_fault_is_named(folder, target, message):
    with pytest.raises(PluginError, match=message):
        describe(folder, registry_with(target))


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("toy_formats:read", ""),
        ("toy_formats:strange", "takes an empty config.json for its own"),
        ("toys:LATENT", "not a function"),
        ("toy_formats:absent", "has no attribute"),
    ],
)
def test_the_contract_checks_the_reader(target, found):
    known = registry_with(target)
    (entry,) = known[FormatSpec].values()
    result = records.record.run(RecordSubject(known, entry))
    assert result.ok == (not found)
    assert found in result.detail
