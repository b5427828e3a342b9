"""From a file of weights to an artifact that computes the same."""

import math

import pytest
import torch
from safetensors.torch import save_file

from genzoo import ArtifactError, UsageError
from genzoo.artifact.format import read_config
from genzoo.artifact.load import load_model
from genzoo.artifact.verify import verify
from genzoo.errors import CapabilityError, ConfigError, UnknownNameError
from genzoo.records import ArchitectureSpec
from genzoo_import.convert import check, find_weights, write_model


def imported(path, wish, folder, **how):
    found = find_weights(path, wish, **how)
    write_model(found, folder, ignore_unused=how.get("ignore_unused", False))
    return load_model(folder, wish.registry)


def test_a_state_dict(weights, save, wish, toy_gan, tmp_path):
    model = imported(save(weights), wish, tmp_path / "out")
    assert torch.equal(model.sample(3), toy_gan.sample(3))
    assert verify(tmp_path / "out", wish.registry).ok


def test_the_source_is_recorded(weights, save, wish, tmp_path):
    found = find_weights(save({"net": weights}, "old.pth"), wish)
    write_model(found, tmp_path / "out", licence="MIT")
    config = read_config(tmp_path / "out")
    assert config.training == {
        "imported_from": "old.pth",
        "imported_sha256": found.source.sha256,
        "imported_prefix": "net",
    }
    assert config.kind_options["size"] == 8
    assert {"preview.png", "test/golden.safetensors"} <= set(config.files)
    card = (tmp_path / "out" / "README.md").read_text()
    assert found.source.sha256 in card
    assert "old.pth" in card
    assert 'license: "mit"' in card


def test_safetensors(weights, wish, toy_gan, tmp_path):
    save_file(weights, tmp_path / "a.safetensors")
    model = imported(tmp_path / "a.safetensors", wish, tmp_path / "out")
    assert torch.equal(model.sample(3), toy_gan.sample(3))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
        lambda state: {"epoch": 7, "state_dict": state},
        lambda state: {"params_ema": {f"module.{name}": value for name, value in state.items()}},
        lambda state: {"models": [{"netD": {"weight": torch.ones(3)}, "netG": state}]},
        lambda state: {f"parts.generator.{name}": tensor for name, tensor in state.items()},
        lambda state: {name: tensor.double() for name, tensor in state.items()},
    ],
)
def test_weights_are_found_wherever_they_are(weights, save, wish, toy_gan, tmp_path, wrap):
    weights["norm.num_batches_tracked"] = torch.tensor(0.0)
    floats = {name: tensor for name, tensor in weights.items() if "batches" not in name}
    model = imported(save(wrap(floats)), wish, tmp_path / "out")
    assert torch.equal(model.sample(3), toy_gan.sample(3))


def test_both_parts_of_a_vae(registry, wish, toy_vae, save, tmp_path):
    from dataclasses import replace

    entry = registry[ArchitectureSpec].find("toy-vae")
    both = replace(wish, entry=entry, parts=("encoder", "decoder"))
    state = {f"net.{name}": tensor for name, tensor in toy_vae.parts.state_dict().items()}
    model = imported(save(state), both, tmp_path / "out")
    assert torch.equal(model.sample(3), toy_vae.sample(3))
    x = torch.rand(2, 3, 8, 8)
    assert torch.equal(model.encode(x), toy_vae.encode(x))


def test_one_part_of_a_vae(registry, wish, toy_vae, save, tmp_path):
    from dataclasses import replace

    entry = registry[ArchitectureSpec].find("toy-vae")
    path = save(toy_vae.parts["decoder"].state_dict())
    model = imported(path, replace(wish, entry=entry, parts=("decoder",)), tmp_path / "out")
    assert torch.equal(model.sample(3), toy_vae.sample(3))


def test_two_sets_that_fit_are_a_question(weights, save, wish, toy_gan, tmp_path):
    other = {name: tensor + 1 for name, tensor in weights.items()}
    path = save({"g": other, "g_ema": weights})
    with pytest.raises(UsageError, match="2 sets of weights that fit: g, g_ema") as caught:
        find_weights(path, wish)
    assert "--prefix g" in caught.value.hint
    model = imported(path, wish, tmp_path / "out", prefix="g_ema")
    assert torch.equal(model.sample(3), toy_gan.sample(3))


def test_two_equal_sets_are_none(weights, save, wish):
    check(find_weights(save({"g": weights, "copy": dict(weights)}), wish))


def test_unused_tensors_are_an_error_unless_they_are_to_be_ignored(
    weights, save, wish, toy_gan, tmp_path
):
    path = save({**weights, "extra.scale": torch.ones(5)})
    with pytest.raises(ArtifactError, match=r"1 not used \(extra\.scale \(5,\)\)") as caught:
        imported(path, wish, tmp_path / "out")
    assert "--ignore-unused" in caught.value.hint
    assert not (tmp_path / "out").exists()
    model = imported(path, wish, tmp_path / "out", ignore_unused=True)
    assert torch.equal(model.sample(3), toy_gan.sample(3))


def test_wrong_shapes_are_listed(weights, save, wish, tmp_path):
    weights["last.weight"] = torch.ones(9, 9)
    with pytest.raises(
        ArtifactError, match=r"missing \(last\.weight .*not used \(last\.weight \(9"
    ):
        imported(save(weights), wish, tmp_path / "out")


def test_renamed_layers(weights, save, wish, toy_gan, tmp_path):
    strange = {"first": "alpha", "second": "beta", "third": "gamma", "norm": "delta"}
    state = {
        ".".join([strange.get(name.split(".")[0], name.split(".")[0]), *name.split(".")[1:]]): t
        for name, t in weights.items()
    }
    path = save({"net": state})
    with pytest.raises(ArtifactError, match=r"alike, in no clear order: net\.beta, net\.gamma"):
        imported(path, wish, tmp_path / "out")
    for prefix, start in (("", "net."), ("net", "")):
        renames = {f"{start}beta": "second", f"{start}gamma": "third"}
        model = imported(path, wish, tmp_path / "out", prefix=prefix, renames=renames)
        assert torch.equal(model.sample(3), toy_gan.sample(3))


@pytest.mark.parametrize(
    ("renames", "match"),
    [
        ({"frist": "second"}, "no tensor or layer in the file named 'frist'"),
        ({"first": "secnod"}, "no tensor in the model named 'secnod"),
        ({"first.weight": "norm.bias", "last.weight": "norm.bias"}, "both to be norm.bias"),
    ],
)
def test_wrong_renames(weights, save, wish, renames, match):
    with pytest.raises(UsageError, match=match):
        find_weights(save(weights), wish, renames=renames)


def test_an_unknown_prefix_is_answered_with_those_there_are(weights, save, wish):
    with pytest.raises(UnknownNameError, match="no group of tensors in the file named 'netg'") as e:
        find_weights(save({"netG": weights}), wish, prefix="netg")
    assert "netG" in e.value.hint


def test_options_that_make_no_model(weights, save, wish):
    from dataclasses import replace

    path = save(weights)
    with pytest.raises(ConfigError, match="'width'"):
        find_weights(path, replace(wish, config={"width": 0}))
    with pytest.raises(CapabilityError, match="no part named 'critic'"):
        find_weights(path, replace(wish, parts=("critic",)))


def test_weights_that_are_no_numbers(weights, save, wish, tmp_path):
    weights["last.weight"][0] = math.nan
    with pytest.raises(ArtifactError, match="not finite"):
        imported(save(weights), wish, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_left_alone(weights, save, wish, tmp_path):
    with pytest.raises(UsageError, match="holds no model"):
        imported(save(weights), wish, tmp_path)
