"""Commands that work with a finished model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import Result
from PIL import Image

import genzoo
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]


def pixels(path: Path | str) -> np.ndarray:
    """The images of an .npz file."""
    with np.load(path) as arrays:
        return arrays["images"]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """An image file of 8x8 pixels."""
    path = tmp_path / "picture.png"
    values = np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(values).save(path)
    return path


def test_sample_writes_a_grid_and_prints_its_path(run: Run) -> None:
    result = run("sample", "tiny-gan", "-n", 4)
    assert result.stdout == "tiny-gan-seed0.png\n"
    with Image.open("tiny-gan-seed0.png") as image:
        assert image.size == (2 * 10 + 2, 2 * 10 + 2)


def test_sample_as_json_prints_nothing_else(run: Run) -> None:
    result = run("sample", "tiny-gan", "-n", 3, "--seed", 5, "-o", "a/b.npz", "--json")
    assert json.loads(result.stdout) == {
        "model": "tiny-gan",
        "count": 3,
        "seed": 5,
        "shape": [3, 8, 8],
        "path": "a/b.npz",
    }


def test_samples_are_those_of_the_library(run: Run, manager: PluginManager) -> None:
    run("sample", "tiny-gan", "-n", 6, "--seed", 7, "-o", "a.npz", "--truncation", 0.5)
    model = genzoo.load("tiny-gan", registry=manager.registry)
    expected = model.sample(6, seed=7, truncation=0.5)
    wanted = ((expected + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    assert np.abs(pixels("a.npz").astype(int) - wanted).max() <= 1


def test_the_batch_size_does_not_change_samples(run: Run) -> None:
    run("sample", "tiny-gan", "-n", 5, "-o", "a.npz", "--batch-size", 2)
    run("sample", "tiny-gan", "-n", 5, "-o", "b.npz")
    np.testing.assert_array_equal(pixels("a.npz"), pixels("b.npz"))


def test_samples_go_into_a_folder(run: Run) -> None:
    assert run("sample", "tiny-gan", "-n", 2, "-o", "many").stdout == "many\n"
    assert sorted(path.name for path in Path("many").iterdir()) == ["00000.png", "00001.png"]


def test_sample_from_another_prior(run: Run) -> None:
    run("sample", "tiny-vae", "-n", 4, "-o", "a.npz")
    run("sample", "tiny-vae", "-n", 4, "-o", "b.npz", "--prior", "shifted")
    assert (pixels("a.npz") != pixels("b.npz")).any()


def test_labels_are_names_and_take_turns(run: Run, manager: PluginManager) -> None:
    run("sample", "tiny-gan-classes", "-n", 3, "-o", "a.npz", "--label", "dog", "--label", "cat")
    model = genzoo.load("tiny-gan-classes", registry=manager.registry)
    genzoo.save_images(model.sample(3, labels=[1, 0, 1]), model.sample_spec, "b.npz")
    np.testing.assert_array_equal(pixels("a.npz"), pixels("b.npz"))


def test_a_class_named_like_a_number_is_meant_by_its_name(run: Run, manager: PluginManager) -> None:
    run("sample", "tiny-gan-classes", "-n", 2, "-o", "a.npz", "--label", "1")
    model = genzoo.load("tiny-gan-classes", registry=manager.registry)
    genzoo.save_images(model.sample(2, labels=[2, 2]), model.sample_spec, "b.npz")
    np.testing.assert_array_equal(pixels("a.npz"), pixels("b.npz"))
    refused = run("sample", "tiny-gan-classes", "-n", 2, "--label", "2", code=2)
    assert "Known: 1, cat, dog." in refused.output


def test_reconstruct_stacks_originals_above_reconstructions(
    run: Run, picture: Path, manager: PluginManager
) -> None:
    result = run("reconstruct", "tiny-vae", *[picture] * 9, "-o", "grid.png", "--json")
    shown = json.loads(result.stdout)
    assert (shown["count"], shown["path"]) == (9, "grid.png")
    with Image.open(picture) as image, Image.open("grid.png") as sheet:
        original, grid = np.asarray(image), np.asarray(sheet)
    assert grid.shape == (4 * 10 + 2, 8 * 10 + 2, 3)
    for row, column in ((0, 0), (0, 7), (2, 0)):
        top, left = 2 + 10 * row, 2 + 10 * column
        np.testing.assert_array_equal(grid[top : top + 8, left : left + 8], original)
    model = genzoo.load("tiny-vae", registry=manager.registry)
    x = torch.from_numpy(original.copy()).permute(2, 0, 1)[None] / 255
    made = (model.reconstruct(x)[0] * 255).round().byte().permute(1, 2, 0).numpy()
    assert np.abs(grid[12:20, 2:10].astype(int) - made).max() <= 1
    assert (grid[22:30, 12:20] == 255).all()
    assert shown["mean_squared_error"] == pytest.approx(
        float((model.reconstruct(x) - x).square().mean()), rel=1e-4
    )


def test_reconstruct_takes_data_sets_spread_evenly(run: Run) -> None:
    result = run("reconstruct", "tiny-vae", "stripes", "-n", 10, "-o", "many", "--json")
    assert json.loads(result.stdout)["count"] == 10
    assert len(list(Path("many").iterdir())) == 10
    assert json.loads(run("reconstruct", "tiny-vae", "stripes", "--json").stdout)["count"] == 32


def test_reconstruct_takes_a_folder(run: Run, picture: Path) -> None:
    folder = Path("pictures")
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.png").write_bytes(picture.read_bytes())
    result = run("reconstruct", "tiny-vae", folder, "--json")
    assert json.loads(result.stdout)["count"] == 3


@pytest.mark.parametrize("ending", ["safetensors", "npz"])
def test_what_is_encoded_can_be_decoded(
    ending: str, run: Run, picture: Path, manager: PluginManager
) -> None:
    latents = f"z.{ending}"
    result = run("encode", "tiny-vae", picture, "-o", latents, "--json")
    assert json.loads(result.stdout) == {"model": "tiny-vae", "shape": [1, 6], "path": latents}
    run("decode", "tiny-vae", latents, "-o", "decoded.npz")
    run("reconstruct", "tiny-vae", picture, "-o", "reconstructed.npz")
    np.testing.assert_array_equal(pixels("decoded.npz"), pixels("reconstructed.npz"))


@pytest.mark.parametrize("ending", ["safetensors", "npz"])
def test_latents_of_one_model_are_refused_by_another_though_they_have_its_shape(
    ending: str, run: Run, picture: Path
) -> None:
    latents = f"z.{ending}"
    run("encode", "tiny-vae", picture, "-o", latents)
    result = run("decode", "tiny-gan", latents, "-o", "decoded.npz", code=2)
    assert "of genzoo-toys/toy-vae: they mean nothing to this genzoo-toys/toy-gan" in result.stderr
    assert not Path("decoded.npz").exists()


@pytest.mark.parametrize(
    "contract",
    [np.zeros(3), np.zeros((2, 2), np.uint8), np.frombuffer(b"{}", np.uint8),
     np.frombuffer(b"[" * 60_000, np.uint8), np.zeros(1 << 17, np.uint8),
     np.frombuffer(b'{"architecture": 1, "weights": "", "latent": {"shape": [6]}}', np.uint8)],
)  # fmt: skip
def test_a_damaged_contract_of_latents_is_named(contract: np.ndarray, run: Run) -> None:
    np.savez("z.npz", latents=np.zeros((1, 6), np.float32), contract=contract)
    result = run("decode", "tiny-vae", "z.npz", code=1)
    assert "The 'contract' in 'z.npz' is not that of latents" in result.stderr


def test_stored_labels_are_used_for_decoding(run: Run, manager: PluginManager) -> None:
    model = genzoo.load("tiny-gan-classes", registry=manager.registry)
    z = model.draw_latents(2, seed=3)
    np.savez("z.npz", latents=z.numpy(), labels=np.array([1, 0]))
    run("decode", "tiny-gan-classes", "z.npz", "-o", "a.npz")
    run("decode", "tiny-gan-classes", "z.npz", "-o", "b.npz", "--label", "dog")
    genzoo.save_images(model.decode(z, [1, 0]), model.sample_spec, "c.npz")
    np.testing.assert_array_equal(pixels("a.npz"), pixels("c.npz"))
    assert (pixels("a.npz")[1] != pixels("b.npz")[1]).any()


def test_interpolation_begins_and_ends_at_the_seeds(run: Run) -> None:
    run("interpolate", "tiny-gan", "--seed", 3, "--seed", 4, "--steps", 5, "-o", "path.npz")
    path = pixels("path.npz")
    assert len(path) == 5
    for index, seed in ((0, 3), (-1, 4)):
        run("sample", "tiny-gan", "-n", 1, "--seed", seed, "-o", "end.npz")
        assert np.abs(path[index].astype(int) - pixels("end.npz")[0]).max() <= 1


def test_interpolation_between_images(run: Run, picture: Path) -> None:
    run("reconstruct", "tiny-vae", picture, "-o", "end.npz")
    run("interpolate", "tiny-vae", "--from", picture, "--to", picture, "-o", "a.npz")
    run("interpolate", "tiny-vae", "--from", picture, "--seed", 4, "-o", "b.npz")
    for path in ("a.npz", "b.npz"):
        assert np.abs(pixels(path)[0].astype(int) - pixels("end.npz")[0]).max() <= 1
    assert run("interpolate", "tiny-vae").stdout == "tiny-vae-interpolated.png\n"


def test_interpolation_keeps_to_one_class(run: Run, manager: PluginManager) -> None:
    run("interpolate", "tiny-gan-classes", "-o", "a.npz", "--label", "dog", "--steps", 3)
    model = genzoo.load("tiny-gan-classes", registry=manager.registry)
    ends = [model.draw_latents(1, seed=seed)[0] for seed in (0, 1)]
    expected = model.interpolate(*ends, 3, [1, 1, 1])
    genzoo.save_images(expected, model.sample_spec, "b.npz")
    np.testing.assert_array_equal(pixels("a.npz"), pixels("b.npz"))


def test_verify_passes_what_is_whole_and_fails_what_is_not(
    run: Run, zoo_folders: dict[str, Path], tmp_path: Path
) -> None:
    import shutil

    shown = json.loads(run("verify", "tiny-vae", "--json").stdout)
    assert shown["ok"] is True
    copy = shutil.copytree(zoo_folders["tiny-vae"], tmp_path / "copy")
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    result = run("verify", copy, code=1)
    assert "FAILED  model.safetensors" in result.stdout
    assert "is not what it should be" in result.stderr


def test_bfloat16_is_close(run: Run) -> None:
    run("sample", "tiny-gan", "-n", 4, "-o", "a.npz", "--precision", "bf16")
    run("sample", "tiny-gan", "-n", 4, "-o", "b.npz")
    difference = np.abs(pixels("a.npz").astype(int) - pixels("b.npz"))
    assert 0 < difference.max() <= 8


WRONG = {
    "unknown model": (["sample", "tiny-gna"], 2, "Did you mean tiny-gan"),
    "no such path": (["sample", "./nowhere"], 2, "There is no folder"),
    "no model in the folder": (["sample", "."], 1, "holds no model"),
    "label without classes": (["sample", "tiny-gan", "--label", "cat"], 2, "without classes"),
    "unknown label": (["sample", "tiny-gan-classes", "--label", "cta"], 2, "Did you mean cat"),
    "label out of range": (["sample", "tiny-gan-classes", "--label", "3"], 2, "no class named '3'"),
    "unknown prior": (["sample", "tiny-vae", "--prior", "shfted"], 2, "Did you mean shifted"),
    "none asked for": (["sample", "tiny-gan", "-n", "0"], 2, "0 is not in the range"),
    "truncation": (["sample", "tiny-gan", "--truncation", "2"], 2, "2.0 is not in the range"),
    "device": (["sample", "tiny-gan", "--device", "warp"], 2, "'warp' is not available"),
    "ending": (["sample", "tiny-gan", "-o", "a.gif"], 2, "cannot be saved as '.gif'"),
    "unwritable": (["sample", "tiny-gan", "-o", "/proc/none/a.png"], 1, "/proc/none"),
    "no encoder": (["reconstruct", "tiny-gan", "stripes"], 2, "has no encoder"),
    "no encoder to start from": (["interpolate", "tiny-gan", "--from", "a.png"], 1, "a.png"),
    "no image": (["encode", "tiny-vae", "none.png"], 2, "'none.png' is neither"),
    "latents' ending": (["encode", "tiny-vae", "stripes", "-o", "z.pt"], 2, ".safetensors, .npz"),
    "no latents": (["decode", "tiny-vae", "none.npz"], 1, "There is no file 'none.npz'"),
    "one end": (["interpolate", "tiny-gan", "--seed", "1"], 2, "do not make two ends"),
    "one step": (["interpolate", "tiny-gan", "--steps", "1"], 2, "1 is not in the range"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense_is_said_in_a_sentence(case: str, run: Run) -> None:
    arguments, code, text = WRONG[case]
    result = run(*arguments, "--json", code=code)
    assert text in result.stderr
    assert result.stdout == ""
    assert "bug" not in result.stderr


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 torn"])
@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_damaged_latents_are_refused(content: bytes, ending: str, run: Run) -> None:
    path = Path(f"z.{ending}")
    path.write_bytes(content)
    result = run("decode", "tiny-vae", path, code=1)
    assert f"'z.{ending}' is" in result.stderr
    assert "bug" not in result.stderr


@pytest.mark.parametrize(
    ("arrays", "code", "text"),
    [
        ({"z": np.zeros((2, 6))}, 1, "no array named 'latents', but z"),
        ({"latents": np.zeros((2, 7))}, 2, "takes latents of shape (N, 6), not (2, 7)"),
        ({"latents": np.array(["a"])}, 1, "is not a readable .npz file"),
        ({"latents": np.array([object()])}, 1, "is not a readable .npz file"),
    ],
    ids=["other name", "other shape", "text", "objects"],
)
def test_latents_of_another_kind_are_refused(
    arrays: dict[str, np.ndarray], code: int, text: str, run: Run
) -> None:
    np.savez("z.npz", **arrays)
    result = run("decode", "tiny-vae", "z.npz", code=code)
    assert text in result.stderr
