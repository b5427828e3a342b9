"""Damaged, altered and foreign artifacts are refused by name, never half loaded."""

import json
import math
import struct

import pytest
import torch
from safetensors.torch import load_file, save_file
from toys import toy_registry

from genzoo import ArtifactError
from genzoo.artifact import file_hashes as integrity
from genzoo.artifact.file_hashes import describe_file
from genzoo.artifact.format import FORMAT_VERSION, FileRecord, read_config
from genzoo.artifact.load import load_model
from genzoo.artifact.save import save_model
from genzoo.artifact.verify import verify
from genzoo.errors import PluginError
from genzoo.registry import Registry

WEIGHTS = "model.safetensors"


def edit(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def accept(folder, name=WEIGHTS):
    """Record the hash of what now stands there."""
    files = json.loads((folder / "config.json").read_text())["files"]
    edit(folder, files={**files, name: describe_file(folder / name).model_dump()})


def rewrite(folder, change):
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    (folder / WEIGHTS).unlink()
    save_file(tensors, folder / WEIGHTS)
    accept(folder)


def flip(path, position=-1):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def refused(folder, registry, match):
    with pytest.raises(ArtifactError, match=match):
        load_model(folder, registry)


def test_altered_byte(artifact, registry):
    flip(artifact / WEIGHTS)
    refused(artifact, registry, r"model\.safetensors' was altered")
    load_model(artifact, registry, check_hashes=False)


def test_truncated_file(artifact, registry):
    path = artifact / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1])
    refused(artifact, registry, r"model\.safetensors' is damaged: it has .* bytes instead of")


@pytest.mark.parametrize("size", [0, 3, 8, 100, -4])
def test_truncated_file_with_matching_record(artifact, registry, size):
    path = artifact / WEIGHTS
    path.write_bytes(path.read_bytes()[:size])
    accept(artifact)
    refused(artifact, registry, r"model\.safetensors' is damaged")


def test_header_that_promises_more_than_there_is(artifact, registry):
    header = {"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}
    raw = json.dumps(header).encode()
    (artifact / WEIGHTS).write_bytes(struct.pack("<Q", len(raw)) + raw)
    accept(artifact)
    refused(artifact, registry, r"model\.safetensors' is damaged")


def test_a_pickle_in_place_of_the_weights(artifact, registry):
    torch.save({"a": torch.zeros(3)}, artifact / WEIGHTS)
    accept(artifact)
    refused(artifact, registry, r"model\.safetensors' is damaged")


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_missing_file(artifact, registry, name):
    (artifact / name).unlink()
    refused(artifact, registry, name)


def test_missing_folder(tmp_path, registry):
    refused(tmp_path / "nowhere", registry, "is not a model")


def test_weights_that_are_not_listed(artifact, registry):
    edit(artifact, files={})
    refused(artifact, registry, "does not list model.safetensors")


def test_missing_and_unexpected_tensors_are_named(artifact, registry):
    def change(tensors):
        tensors["parts.generator.extra"] = tensors.pop("parts.generator.first.bias")

    rewrite(artifact, change)
    refused(
        artifact,
        registry,
        r"does not fit genzoo-toys/toy-gan: 1 missing \(parts\.generator\.first\.bias\); "
        r"1 unexpected \(parts\.generator\.extra\)",
    )


def test_wrong_shape_is_named(artifact, registry):
    rewrite(artifact, lambda tensors: tensors.update({"parts.generator.first.bias": torch.ones(9)}))
    refused(artifact, registry, r"of another shape \(parts\.generator\.first\.bias \(9,\) instead")


def test_wrong_type_is_named(artifact, registry):
    name = "parts.generator.first.bias"
    rewrite(artifact, lambda tensors: tensors.update({name: tensors[name].double()}))
    refused(artifact, registry, r"of another type \(parts\.generator\.first\.bias float64 instead")


def test_a_long_list_is_cut(artifact, registry):
    rewrite(
        artifact, lambda tensors: tensors.update({f"x{i:02}": torch.ones(1) for i in range(20)})
    )
    refused(artifact, registry, r"20 unexpected \(x00, x01, x02, x03, x04 and 15 more\)")


def test_another_width_than_the_weights(artifact, registry):
    edit(artifact, config={"width": 5})
    refused(artifact, registry, "of another shape")


def test_weights_that_differ_where_the_network_ties_them(artifact, registry):
    edit(artifact, config={"tied": True})
    refused(artifact, registry, r"second\.weight and .*third\.weight are one parameter there")


def test_newer_format(artifact, registry):
    edit(artifact, format_version=FORMAT_VERSION + 1)
    with pytest.raises(ArtifactError, match="of format 2") as caught:
        load_model(artifact, registry)
    assert "pip install --upgrade genzoo" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "does not describe a genzoo model"),
        (b'{"library": "genzoo"}', "genzoo_version: Field required"),
    ],
)
def test_config_that_is_none(tmp_path, registry, content, match):
    (tmp_path / "config.json").write_bytes(content)
    refused(tmp_path, registry, match)


def test_huge_config_is_not_read(tmp_path, registry, monkeypatch):
    monkeypatch.setattr("genzoo.artifact.format.MAX_CONFIG_BYTES", 10)
    (tmp_path / "config.json").write_bytes(b" " * 11)
    refused(tmp_path, registry, "too large")


@pytest.mark.parametrize(
    "changes",
    [
        {"sample": {"shape": [1 << 20, 1 << 20, 3]}},
        {"sample": {"shape": [3, 8, 8], "low": 1.0, "high": -1.0}},
        {"latent": {"shape": []}},
        {"latent": {"shape": [7]}},
        {"sample": {"shape": [3, 8, 8], "low": -2.0}},
        {"config": {"width": 10**9}},
        {"config": {"colour": 1}},
        {"parts": []},
        {"parts": ["critic"]},
        {"provider": {"distribution": "a; rm -rf ~", "version": "1"}},
        {"provider": {"distribution": "a", "version": "1", "accepts": "; rm -rf ~"}},
        {"architecture": "toy-gan"},
        {"architecture": "$(reboot)/toy-gan"},
        {"files": {"../../etc/passwd": {"sha256": "0" * 64, "size": 1}}},
        {"files": {"/etc/passwd": {"sha256": "0" * 64, "size": 1}}},
    ],
)
def test_absurd_values(artifact, registry, changes):
    edit(artifact, **changes)
    with pytest.raises(ArtifactError):
        load_model(artifact, registry)


def test_unknown_fields_are_of_a_later_genzoo_and_ignored(artifact, registry):
    edit(artifact, novelty=1)
    load_model(artifact, registry)


def test_missing_architecture_says_what_to_install(artifact):
    with pytest.raises(PluginError, match="'genzoo-toys/toy-gan', which is not installed") as error:
        load_model(artifact, Registry())
    assert error.value.hint == "Type: genzoo plugins install 'genzoo-toys>=1.2'"


def test_provider_that_is_too_old(artifact):
    with pytest.raises(PluginError, match=r"needs genzoo-toys >=1\.2; 1\.1 is installed") as error:
        load_model(artifact, toy_registry(version="1.1"))
    assert error.value.hint == "Type: genzoo plugins install 'genzoo-toys>=1.2'"


def test_code_that_fails_is_named(artifact, registry):
    edit(artifact, config={"fails": True})
    with pytest.raises(PluginError, match="genzoo-toys/toy-gan could not be built: ZeroDivision"):
        load_model(artifact, registry)


def test_non_finite_weights_are_not_saved(toy_gan, registry, artifact):
    before = load_model(artifact, registry).sample(2)
    with torch.no_grad():
        toy_gan.parts["generator"].first.weight[0, 0] = math.nan
    with pytest.raises(ArtifactError, match=r"not finite in parts\.generator\.first\.weigh"):
        save_model(toy_gan, artifact, registry=registry)
    assert torch.equal(load_model(artifact, registry).sample(2), before)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("large", [False, True])
def test_non_finite_weights_are_refused_each_time(artifact, registry, monkeypatch, value, large):
    monkeypatch.setattr(integrity, "ALWAYS_HASHED", 10 if large else 1 << 20)
    rewrite(artifact, lambda tensors: tensors["parts.generator.norm.bias"][1:2].fill_(value))
    for _ in range(2):
        refused(artifact, registry, r"not finite in parts\.generator\.norm\.bias")
    load_model(artifact, registry, check_hashes=False)


def test_large_files_are_looked_through_once_per_change(artifact, registry, monkeypatch):
    monkeypatch.setattr(integrity, "ALWAYS_HASHED", 10)
    seen = []
    monkeypatch.setattr("genzoo.artifact.load.refuse_non_finite", lambda *seen_: seen.append(seen_))
    load_model(artifact, registry)
    load_model(artifact, registry)
    assert len(seen) == 1


def test_non_finite_weights_are_found(artifact, registry):
    name = "parts.generator.first.bias"
    rewrite(artifact, lambda tensors: tensors[name].fill_(math.inf))
    findings = {finding.subject: finding for finding in verify(artifact, registry).findings}
    assert not findings["weights"].ok
    assert name in findings["weights"].detail


def test_verify_replays_golden_samples(artifact, registry):
    verdict = verify(artifact, registry)
    assert verdict.ok
    assert verdict.findings[-1].subject == "golden samples"
    assert "samples differ by 0" in verdict.findings[-1].detail


def test_verify_reports_golden_samples_that_differ(artifact, registry):
    rewrite(artifact, lambda tensors: tensors["parts.generator.last.bias"].add_(0.1))
    verdict = verify(artifact, registry)
    assert not verdict.ok
    assert "does not give its golden samples" in verdict.findings[-1].detail


def test_verify_reports_altered_files(artifact, registry):
    flip(artifact / "test/golden.safetensors")
    verdict = verify(artifact, registry)
    assert [finding.subject for finding in verdict.findings if not finding.ok] == [
        "test/golden.safetensors"
    ]


def test_verify_reports_what_is_no_artifact(tmp_path, registry):
    verdict = verify(tmp_path, registry)
    assert not verdict.ok
    assert "is not a model" in verdict.findings[0].detail


def test_golden_samples_of_another_model(artifact, registry):
    path = artifact / "test/golden.safetensors"
    path.unlink()
    save_file({"latents": torch.zeros(2, 9)}, path)
    accept(artifact, "test/golden.safetensors")
    assert "made for another model" in verify(artifact, registry).findings[-1].detail


def test_large_files_are_hashed_once_per_change(artifact, registry, monkeypatch):
    monkeypatch.setattr(integrity, "ALWAYS_HASHED", 10)
    hashed = []
    original = integrity._sha256
    monkeypatch.setattr(integrity, "_sha256", lambda path: hashed.append(path) or original(path))
    load_model(artifact, registry)
    load_model(artifact, registry)
    assert len(hashed) == 1
    flip(artifact / WEIGHTS)
    refused(artifact, registry, "was altered")
    refused(artifact, registry, "was altered")


def test_record_of_a_file_is_checked():
    with pytest.raises(ValueError, match="sha256"):
        FileRecord(sha256="xyz", size=1)


def test_read_config_gives_the_contract(artifact):
    config = read_config(artifact)
    assert config.sample.shape == (3, 8, 8)
    assert config.parts == ("generator",)


@pytest.mark.parametrize("value", ["[" * 400 + "1" + "]" * 400, '"\\ud800"', "[" * 100_000])
def test_a_config_that_cannot_be_written_again_is_damaged(artifact, registry, value):
    path = artifact / "config.json"
    text = path.read_text()
    assert '"training": {}' in text
    path.write_text(text.replace('"training": {}', f'"training": {{"x": {value}}}'))
    refused(artifact, registry, "it is not JSON")
