"""Folders as diffusers writes them: read as they are, or refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from safetensors.torch import load_file, save_file

import genzoo
from genzoo import ArtifactError, Model
from genzoo.artifact.verify import verify
from genzoo.cli.main import main
from genzoo.plugins.manager import PluginManager
from genzoo_vae.autoencoders.diffusers_format import read_kl, read_tiny

REGISTRY = PluginManager.discover().registry
WEIGHTS = "diffusion_pytorch_model.safetensors"

CONFIG = {
    "_class_name": "AutoencoderKL",
    "_diffusers_version": "0.4.2",
    "act_fn": "silu",
    "block_out_channels": [4, 8],
    "down_block_types": ["DownEncoderBlock2D"] * 2,
    "up_block_types": ["UpDecoderBlock2D"] * 2,
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 2,
    "layers_per_block": 1,
    "norm_num_groups": 2,
    "sample_size": 17,
}
"""With the fields that stabilityai/sd-vae-ft-mse has, and no more."""


def diffusers_names(model: Model) -> dict[str, torch.Tensor]:
    """The state of a model under the names that diffusers gives it."""
    names = {}
    for name, tensor in model.state_dict().items():
        inner = name.removeprefix("parts.")
        outer = inner.partition(".")[2]
        names[outer if outer.startswith(("quant_conv", "post_quant_conv")) else inner] = tensor
    return names


@pytest.fixture
def original() -> Model:
    config = {"widths": (4, 8), "layers": 1, "groups": 2, "latent_channels": 2}
    return genzoo.build("kl-autoencoder", config=config, size=16, registry=REGISTRY)


@pytest.fixture
def folder(original: Model, tmp_path: Path) -> Path:
    folder = tmp_path / "vae"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    save_file(diffusers_names(original), folder / WEIGHTS)
    return folder


def load(folder: Path) -> Model:
    return genzoo.load(folder, registry=REGISTRY)


def edit(folder: Path, **changes: Any) -> None:
    (folder / "config.json").write_text(json.dumps({**CONFIG, **changes}))


def test_a_folder_is_a_model(folder: Path, original: Model) -> None:
    model = load(folder)
    assert model.architecture_name == "genzoo/kl-autoencoder"
    assert model.sample_spec.shape == (3, 16, 16)
    assert model.latent_spec.shape == (2, 8, 8)
    assert model.architecture.config.scaling_factor == 0.18215
    x = torch.rand(2, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(model.reconstruct(x), original.reconstruct(x))
    assert not any(p.requires_grad for p in model.parameters())


def test_attention_under_its_old_names(folder: Path, original: Model) -> None:
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    for new, old in (
        ("to_q", "query"),
        ("to_k", "key"),
        ("to_v", "value"),
        ("to_out.0", "proj_attn"),
    ):
        tensors = {name.replace(f".{new}.", f".{old}."): t for name, t in tensors.items()}
    assert "encoder.mid_block.attentions.0.query.weight" in tensors
    save_file(tensors, folder / WEIGHTS)
    x = torch.rand(2, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(load(folder).encode(x), original.encode(x))


def test_verify_names_what_it_checked(folder: Path) -> None:
    found = verify(folder, REGISTRY)
    assert found.ok
    assert "records no hashes" in found.findings[0].detail
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    tensors["quant_conv.bias"][0] = float("nan")
    save_file(tensors, folder / WEIGHTS)
    found = verify(folder, REGISTRY)
    assert not found.ok
    assert "quant_conv.bias" in found.findings[1].detail


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"act_fn": "mish"}, "option 'act_fn' is not supported"),
        ({"down_block_types": ["AttnDownEncoderBlock2D"] * 2}, "down_block_types"),
        ({"down_block_types": ["DownEncoderBlock2D"]}, "not equally long"),
        ({"surprise": 1}, "option 'surprise' is not supported"),
        ({"out_channels": 4}, "different numbers of channels"),
        ({"norm_num_groups": 3}, "multiples of groups"),
        ({"block_out_channels": [1 << 40, 1 << 40]}, "widths"),
        ({"layers_per_block": 10**9}, "layers"),
        ({"latent_channels": -1}, "latent_channels"),
        ({"sample_size": 10**12}, "sample_size"),
        ({"_class_name": "AutoencoderDC"}, "does not describe a genzoo model"),
        ({"_class_name": ["AutoencoderKL"]}, "does not describe a genzoo model"),
    ],
)
def test_configs_that_are_refused(folder: Path, changes: dict[str, Any], message: str) -> None:
    edit(folder, **changes)
    with pytest.raises(ArtifactError, match=message) as caught:
        load(folder)
    assert "config.json" in caught.value.message


def test_weights_that_do_not_fit_are_listed(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    del tensors["quant_conv.bias"]
    tensors["extra.weight"] = torch.zeros(1)
    save_file(tensors, folder / WEIGHTS)
    with pytest.raises(
        ArtifactError, match=r"1 missing \(parts.encoder.quant_conv.bias\)"
    ) as caught:
        load(folder)
    assert "1 unexpected (parts.extra.weight)" in caught.value.message


def test_a_tensor_under_both_its_names_is_refused(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    tensors["encoder.mid_block.attentions.0.query.bias"] = torch.zeros(8)
    save_file(tensors, folder / WEIGHTS)
    with pytest.raises(ArtifactError, match="twice"):
        load(folder)


def test_files_that_are_no_weights(folder: Path) -> None:
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArtifactError, match="damaged"):
        load(folder)
    (folder / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(ArtifactError, match="is a Git LFS pointer"):
        load(folder)
    (folder / WEIGHTS).rename(folder / "diffusion_pytorch_model.bin")
    with pytest.raises(ArtifactError, match="has no diffusion_pytorch_model") as caught:
        load(folder)
    assert ".bin" in caught.value.hint


def test_the_published_configs_are_understood() -> None:
    mse = read_kl({**CONFIG, "block_out_channels": [128, 256], "sample_size": 256})
    assert mse is not None
    assert mse.config["widths"] == (128, 256)
    xl = read_kl({**CONFIG, "force_upcast": True, "scaling_factor": 0.13025, "latents_mean": None})
    assert xl is not None
    assert xl.config["scaling_factor"] == 0.13025
    tiny = {"_class_name": "AutoencoderTiny", "latent_magnitude": 3, "latent_channels": 16}
    flux = read_tiny({**tiny, "block_out_channels": [64] * 4, "shift_factor": 0.0})
    assert flux is not None
    assert flux.config["latent_channels"] == 16
    assert (flux.config["scaling_factor"], flux.config["latent_space"]) == (1.0, "unnamed")
    stable = read_kl({**CONFIG, "latent_channels": 4})
    assert stable is not None
    assert (stable.config["scaling_factor"], stable.config["latent_space"]) == (
        0.18215,
        "stable-diffusion",
    )
    with pytest.raises(ArtifactError, match="different numbers of channels"):
        read_tiny({**tiny, "encoder_block_out_channels": [64, 64, 64, 32]})
    assert read_kl(tiny) is None
    assert read_tiny(CONFIG) is None


def run(*args: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_the_commands_take_images_of_any_size(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (45, 31), "teal").save("photo.png")
    result = run("reconstruct", folder, "photo.png", "-o", "made.npz")
    assert "30 by 30 pixels; --size" in result.stderr
    run("encode", folder, "photo.png", "--size", 24, "-o", "latents.npz")
    run("decode", folder, "latents.npz", "-o", "back.png")
    with Image.open("back.png") as back:
        assert back.size == (24, 24)
    refused = run("encode", folder, "photo.png", "--size", 25, code=1)
    assert "multiples of 2" in refused.stderr
    assert json.loads(run("info", folder, "--json").stdout)["format"].endswith("autoencoder-kl")
    assert "noise" in run("sample", folder, "-n", 1).stderr


def test_a_model_of_one_size_refuses_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (45, 31), "teal").save("photo.png")
    result = run("encode", "peeps-vae", "photo.png", "--size", 32, code=2)
    assert "Leave --size out." in result.stderr
