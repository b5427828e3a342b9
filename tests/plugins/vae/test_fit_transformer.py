"""`genzoo fit-prior --prior transformer`: checkpoints, resume, and several priors in one model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

import genzoo
from genzoo.cli.main import main
from genzoo.plugins.manager import default_manager
from genzoo.records import PriorSpec
from genzoo.training.checkpoint import list_checkpoints
from genzoo.training.fit_code_prior import CodePriorFit
from genzoo_vae.configs import TransformerConfig

SMALL = {"width": 8, "layers": 1, "heads": 2, "steps": 9, "batch_size": 8}
SETS = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny autoencoder with codes, and its data."""
    folder = tmp_path_factory.mktemp("codes")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
    np.savez(folder / "data.npz", images=images, labels=np.arange(24) % 2)
    result = genzoo.train(
        "vq-autoencoder",
        folder / "data.npz",
        folder / "run",
        config={"widths": (4, 8), "groups": 2, "codes": 8, "code_dim": 2, "tile": 64},
        objective_config={"perceptual": "none"},
        steps=2,
        batch_size=8,
    )
    return result.artifact, folder / "data.npz"


def run(*args: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result


def test_the_prior_lives_in_the_model_beside_another_and_is_sampled_from(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    model, data = trained
    first, second = tmp_path / "first", tmp_path / "second"
    options = ("--prior", "transformer", *SETS, "-n", 20)
    told = json.loads(run("fit-prior", model, data, *options, "-o", first, "--json").stdout)
    assert told["samples"] == 20
    assert told["config"]["steps"] == 9
    assert not first.with_name("first.fitting").exists()
    mixture = ("--prior", "mixture", "--set", "components=2")
    run("fit-prior", first, data, *mixture, "-o", second, "-q")
    loaded = genzoo.load(second)
    assert set(loaded.priors) == {"default", "transformer", "mixture"}
    samples = loaded.sample(3, prior="transformer")
    assert samples.shape == (3, 3, 16, 16)
    assert torch.equal(samples, genzoo.load(first).sample(3, prior="transformer"))
    latents = loaded.draw_latents(3, prior="transformer")
    quantiser = loaded.parts["encoder"].quantiser
    torch.testing.assert_close(quantiser.decode(quantiser.codes_of(latents)), latents)
    run("sample", second, "-n", 4, "--prior", "transformer", "-o", tmp_path / "samples.png")
    run("verify", second)


def fit(model: genzoo.Model, folder: Path, **changes: object) -> CodePriorFit:
    entry = default_manager().registry[PriorSpec].find("transformer")
    codes = torch.randint(8, (30, 1, 8, 8), generator=torch.Generator().manual_seed(2))
    return CodePriorFit(entry, TransformerConfig(**{**SMALL, **changes}), model, codes, 3, folder)


def test_a_fit_that_was_stopped_goes_on_as_if_it_had_not_been(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    model = genzoo.load(trained[0])
    whole = fit(model, tmp_path / "whole")
    assert whole.run(lambda: False)
    part = fit(model, tmp_path / "parts")
    assert not part.run(lambda: part.training.step == 4)
    rest = fit(model, tmp_path / "parts")
    assert rest.training.step == 4
    heard: list[tuple[str, int, int]] = []
    assert rest.run(lambda: False, lambda *each: heard.append(each))
    assert heard[-1][1:] == (9, 9)
    for name, value in whole.prior.state_dict().items():
        assert torch.equal(value, rest.prior.state_dict()[name]), name
    assert [path.name for path in list_checkpoints(tmp_path / "parts")][-1] == "step-000000009"


def test_a_folder_with_another_fit_is_refused(trained: tuple[Path, Path], tmp_path: Path) -> None:
    model = genzoo.load(trained[0])
    fit(model, tmp_path / "fit")
    with pytest.raises(genzoo.UsageError, match="holds the fit of another prior"):
        fit(model, tmp_path / "fit", width=16)


def test_a_model_without_codes_has_no_prior_of_codes(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    options = ("--prior", "transformer", "-o", tmp_path / "out")
    message = run("fit-prior", "peeps-vae", trained[1], *options, code=2).output
    assert "latents that are not codes" in message


def test_classes_of_the_data_become_labels_of_samples(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    model, data = trained
    out, pictures = tmp_path / "out", tmp_path / "samples.npz"
    options = ("--prior", "transformer", *SETS, "--conditional")
    run("fit-prior", model, data, *options, "-o", out, "-q")
    loaded = genzoo.load(out)
    assert loaded.prior("transformer").classes == ("0", "1")
    assert loaded.classes_to_draw("transformer") == ("0", "1")
    assert loaded.classes_to_draw() == ()
    run("sample", out, "-n", 3, "--prior", "transformer", "--label", "1", "-o", pictures)
    drawn = loaded.sample(3, prior="transformer", labels="1")
    assert torch.equal(drawn, loaded.sample(3, prior="transformer", labels=[1, 1, 1]))
    assert torch.equal(
        loaded.sample(2, prior="transformer"), loaded.sample(2, prior="transformer", labels=[0, 1])
    )
    assert (
        "no class named"
        in run(
            "sample", out, "--prior", "transformer", "--label", "9", "-o", pictures, code=2
        ).output
    )
    message = run("fit-prior", out, data, "--prior", "mixture", "--conditional", code=2).output
    assert "has no classes" in message
