"""A kind of content that a plugin brings goes everywhere that images go."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import points_kind
import pytest
import torch
import toy_objectives
from click.testing import Result
from PIL import Image

import genzoo
from genzoo.artifact.verify import verify
from genzoo.errors import PluginError
from genzoo.plugins.manager import PluginManager
from genzoo.registry import Registry

Run = Callable[..., Result]

SHORT = ("--steps", 4, "--batch-size", 8, "--device", "cpu", "--snapshot-every", 2)


@pytest.fixture(autouse=True)
def _points(manager: PluginManager) -> None:
    manager.add(toy_objectives, "genzoo-toy-objectives", "1")
    manager.add(points_kind, "genzoo-points", "0.3")


def scatter(path: Path, count: int = 20, seed: int = 0) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    points = np.random.default_rng(seed).uniform(-3, 3, (count, 2)).astype(np.float32)
    points[0] = (3, -3)
    np.savetxt(path, points, delimiter="," if path.suffix == ".csv" else " ")
    return points


def record(run: str) -> dict:
    return json.loads(Path(run, "run.json").read_text())


def test_a_data_set_trains_resumes_samples_and_reconstructs(
    run: Run, manager: PluginManager
) -> None:
    run("train", "point-vae", "circle", "-o", "x", *SHORT)
    assert record("x")["plan"]["data"]["kind"] == "genzoo-points/points"
    assert sorted(path.name for path in Path("x/samples").glob("*2*")) == [
        "reconstructions-000000002.png",
        "samples-000000002.png",
    ]
    with Image.open("x/artifact/preview.png") as preview:
        assert preview.size == (points_kind.SIDE, points_kind.SIDE)
    assert "![Samples](preview.png)" in Path("x/artifact/README.md").read_text()
    assert verify(Path("x/artifact"), manager.registry).ok

    run("train", "--resume", "x", "--steps", 6)
    run("train", "point-vae", "circle", "-o", "y", *SHORT, "--steps", 6)
    models = [genzoo.load(Path(name, "artifact"), registry=manager.registry) for name in "xy"]
    assert torch.equal(models[0].sample(5), models[1].sample(5))

    assert run("sample", "x", "-n", 7).stdout == "x-seed0.png\n"
    run("sample", "x", "-n", 7, "-o", "some.npz")
    with np.load("some.npz") as archive:
        assert archive["points"].dtype == np.float32
        expected = models[0].sample(7)
        np.testing.assert_allclose(archive["points"], expected.numpy(), atol=1e-6)
    run("sample", "x", "-n", 7, "-o", "some.csv")
    shown = run("reconstruct", "x", "some.csv", "-o", "made.npz", "--json").stdout
    assert json.loads(shown)["count"] == 7
    with np.load("made.npz") as archive:
        made = models[0].reconstruct(expected)
        np.testing.assert_allclose(archive["points"], made.numpy(), atol=1e-6)


def test_pairs_of_points_alternate(run: Run) -> None:
    run("train", "point-vae", "circle", "-o", "x", *SHORT)
    run("reconstruct", "x", "circle", "-n", 3, "-o", "pairs.csv")
    pairs = np.loadtxt("pairs.csv", delimiter=",")
    assert pairs.shape == (6, 2)
    np.testing.assert_allclose(np.hypot(*pairs[::2].T), 1, atol=1e-6)


def test_a_folder_of_files_with_many_points_each(run: Run) -> None:
    first, second = scatter(Path("data/a/1.csv")), scatter(Path("data/b/2.txt"), 11, seed=1)
    Path("data/b/broken.csv").write_text("1,2\nthree,4\n")
    Path("data/b/empty.txt").write_text("nan nan\n")
    Path("data/notes.md").write_text("about")
    result = run("train", "point-vae", "data", "-o", "x", "--conditional", "--turned", *SHORT)
    assert "Skipped 1 file that is not a point: notes.md." in result.stderr
    assert "Skipped 2 files that cannot be read as points: b/broken.csv (ValueError" in (
        result.stderr
    )
    assert "b/empty.txt (a number that is not finite)" in result.stderr
    assert f"Turned {len(first) + len(second)} points round." in result.stderr
    data = record("x")["data"]
    assert data["count"] == 31
    assert data["sample"]["classes"] == ["a", "b"]
    assert (data["sample"]["low"], data["sample"]["high"]) == (-3, 3)
    assert record("x")["plan"]["data"]["options"] == {"turned": True}


def test_options_of_the_kind_are_options_of_the_command(run: Run) -> None:
    text = run("train", "point-vae", "--help").stdout
    assert "--span" in text
    assert "--background" not in text
    Path("recipe.toml").write_text('[data]\nspan = 9.0\n[architecture]\nname = "point-vae"\n')
    scatter(Path("data/1.csv"))
    run("train", "point-vae", "data", "--config", "recipe.toml", "-o", "x", *SHORT)
    assert record("x")["data"]["sample"]["high"] == 9
    refused = run("train", "point-vae", "data", "--size", 64, code=2)
    assert "No such option '--size'" in refused.stderr
    Path("recipe.toml").write_text("[data]\nsize = 64\n")
    refused = run("train", "point-vae", "data", "--config", "recipe.toml", code=2)
    assert "has no option 'size'" in refused.stderr
    assert (
        "It has: data, kind, conditional, stream, through, flips, window, span, turned."
        in refused.stderr
    )


def test_python_takes_the_options_of_the_kind(run: Run, manager: PluginManager) -> None:
    known = {"registry": manager.registry}
    result = genzoo.train(
        *("point-vae", "circle", "x"), span=2.0, steps=1, batch_size=4, device="cpu", **known
    )
    assert genzoo.load(result.artifact, **known).sample_spec.high == 2
    model = genzoo.build("any-vae", kind="points", span=5.0, **known)
    assert (model.sample_spec.kind, model.sample_spec.shape) == ("points", (2,))


def test_a_model_carries_its_kind_and_samples_of_any_kind_are_saved(
    run: Run, manager: PluginManager
) -> None:
    known = {"registry": manager.registry}
    run("train", "point-vae", "circle", "--span", 2, "-o", "x", *SHORT)
    for model in (
        genzoo.load(Path("x/artifact"), **known),
        genzoo.build("point-vae", span=2.0, **known),
        pickle.loads(pickle.dumps(genzoo.load(Path("x/artifact"), **known))),
    ):
        assert isinstance(model.kind, points_kind.PointsKind)
        assert model.kind.config.span == 2
        samples = model.sample(5)
        assert genzoo.save(samples, model, "some.csv") == Path("some.csv")
        expected = model.kind.rows(samples, model.sample_spec)
        np.testing.assert_allclose(np.loadtxt("some.csv", delimiter=","), expected, rtol=1e-6)
    genzoo.save(samples, model, "folder")
    assert len(list(Path("folder").iterdir())) == 5
    with pytest.raises(genzoo.UsageError, match=r"Points cannot be saved as '\.webp'"):
        genzoo.save(samples, model, "some.webp")


def test_a_model_made_by_hand_has_the_kind_of_its_contract(
    manager: PluginManager, tmp_path: Path
) -> None:
    made = genzoo.build("point-vae", registry=manager.registry)
    bare = genzoo.Model(made.architecture_name, made.architecture, dict(made.parts.items()))
    with pytest.raises(genzoo.CapabilityError, match="without the kind of its samples"):
        _ = bare.kind
    path = genzoo.save(bare.sample(3), bare, tmp_path / "some.csv", registry=manager.registry)
    assert path.read_text().count("\n") == 3


def test_samples_are_written_and_read_in_the_units_of_the_data(
    run: Run, manager: PluginManager
) -> None:
    run("train", "any-vae", "circle", "--span", 3, "-o", "x", *SHORT)
    run("sample", "x", "-n", 5, "-o", "some.npz")
    model = genzoo.load(Path("x/artifact"), registry=manager.registry)
    expected = model.sample(5)
    assert model.sample_spec.low == 0
    with np.load("some.npz") as archive:
        np.testing.assert_allclose(archive["points"], (expected * 2 - 1) * 3, atol=1e-6)
        np.savetxt("some.csv", archive["points"], delimiter=",")
    for source in ("some.npz", "some.csv"):
        run("encode", "x", source, "-o", "latents.npz")
        with np.load("latents.npz") as archive:
            np.testing.assert_allclose(archive["latents"], model.encode(expected), atol=1e-5)


def test_damaged_options_of_a_kind_are_told(run: Run) -> None:
    run("train", "point-vae", "circle", "-o", "x", *SHORT)
    path = Path("x/artifact/config.json")
    path.write_text(path.read_text().replace('"turned": false', '"turned": "maybe"'))
    assert "is damaged: Option 'turned'" in run("sample", "x", code=1).stderr


@pytest.mark.parametrize("name", ["data.npz", "data"])
def test_data_show_which_of_several_kinds_they_are(run: Run, name: str) -> None:
    points = scatter(Path("data/1.csv"))
    np.savez("data.npz", points=points)
    run("train", "any-vae", name, "-o", "x", "--span", 4, *SHORT)
    assert record("x")["plan"]["data"]["kind"] == "genzoo-points/points"


def test_a_data_set_says_what_it_holds(run: Run) -> None:
    run("train", "any-vae", "circle", "-o", "x", *SHORT)
    assert record("x")["data"]["sample"]["kind"] == "points"
    refused = run("train", "toy-vae", "circle", *SHORT, code=1)
    assert "The architecture 'toy-vae' models image, not points." in refused.stderr


def test_data_that_show_nothing_need_the_kind(run: Run) -> None:
    np.savez("data.npz", numbers=scatter(Path("unused.csv")))
    refused = run("train", "any-vae", "data.npz", code=2)
    assert "any-vae models image and points and smells" in refused.stderr
    assert "Add --kind image or --kind points." in refused.stderr
    run("train", "any-vae", "data.npz", "--kind", "points", "-o", "x", *SHORT)
    assert "Known: image, points" in run("train", "any-vae", "d", "--kind", "tea", code=2).stderr
    run("train", "any-vae", "--help")


def test_endings_are_those_of_the_kind(run: Run) -> None:
    run("train", "point-vae", "circle", "-o", "x", *SHORT)
    refused = run("sample", "x", "-o", "a.webp", code=2)
    assert "Points cannot be saved as '.webp'. Known: .png, .csv, .npz, or a folder." in (
        " ".join(refused.stderr.split())
    )
    run("sample", "x", "-n", 2, "-o", "folder")
    assert len(list(Path("folder").glob("*.png"))) == 2


def test_a_model_of_a_kind_that_its_plugin_lacks(run: Run, registry: Registry) -> None:
    run("train", "point-vae", "circle", "-o", "x", *SHORT)
    registry.add_all(points_kind.genzoo_architectures(), "genzoo-points", "0.3")
    with pytest.raises(PluginError, match=r"which genzoo-points 0\.3 lacks") as told:
        genzoo.load(Path("x/artifact"), registry=registry)
    assert told.value.hint == "Type: genzoo plugins install genzoo-points"


def test_info_on_a_kind(run: Run) -> None:
    assert "Points in the plane" in run("info", "points").stdout
