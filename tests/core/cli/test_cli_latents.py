"""`genzoo encode` of a generator, `directions`, `edit` and `mix`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image
from safetensors.torch import load_file

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))


def test_samples_of_a_generator_are_encoded_by_optimisation_and_decoded(run: Run) -> None:
    run("sample", "tiny-gan", "-n", 1, "--seed", 3, "-o", "face.png")
    said = run(
        *("encode", "tiny-gan", "face.png", "--steps", 60, "--features", "none"), "-o", "z.npz"
    )
    assert "signal-to-noise" in said.stderr
    run("decode", "tiny-gan", "z.npz", "-o", "back.png")
    first, second = (Image.open(path) for path in ("face.png", "back.png"))
    with first, second:
        assert first.size == second.size


def test_directions_are_kept_for_editing(run: Run, tmp_path: Path) -> None:
    kept = Path(run("directions", "tiny-gan", "-n", 3).stdout.strip())
    assert kept.is_relative_to(tmp_path / "cache")
    assert load_file(kept)["vectors"].shape[0] == 3
    run("edit", "tiny-gan", "--direction", 1, "-n", 2, "-o", "edited.png")
    with Image.open("edited.png") as image:
        assert image.size == (2 + 7 * 10, 2 + 2 * 10)
    run("edit", "tiny-gan", "--direction", 0, "--direction", 2, "--amount", 2, "-o", "two.png")
    refused = run("edit", "tiny-gan", "--direction", 9, "-o", "none.png", code=2)
    assert "0 to 2" in refused.output


def test_directions_lie_beside_a_model_of_ones_own(run: Run, zoo_folders: dict[str, Path]) -> None:
    import shutil

    shutil.copytree(zoo_folders["tiny-gan"], "own")
    kept = Path(run("directions", "./own", "--way", "factorisation").stdout.strip())
    assert kept.resolve() == Path("own/directions.safetensors").resolve()
    run("edit", "./own", "--amount", 1, "-o", "edited.png")
    run("verify", "./own")


def test_the_way_between_two_sets_of_latents_is_a_direction(run: Run) -> None:
    for seed in (0, 1):
        run("sample", "tiny-gan", "-n", 2, "--seed", seed, "-o", f"set{seed}")
        run(
            *("encode", "tiny-gan", *sorted(map(str, Path(f"set{seed}").iterdir()))),
            *("--steps", 2, "--features", "none", "-o", f"{seed}.safetensors"),
        )
    run(
        "directions",
        "tiny-gan",
        "--between",
        "0.safetensors",
        "1.safetensors",
        "-o",
        "way.safetensors",
    )
    run(
        *("edit", "tiny-gan", "--latents", "0.safetensors", "--directions", "way.safetensors"),
        *("--amount", 1, "-o", "moved.png"),
    )


def test_directions_of_other_weights_are_refused(run: Run) -> None:
    run("directions", "tiny-vae", "-n", 1, "-o", "vae.safetensors")
    refused = run("edit", "tiny-gan", "--directions", "vae.safetensors", "-o", "x.png", code=1)
    assert "other weights" in refused.output
    assert "genzoo directions" in run("edit", "tiny-gan", "-o", "x.png", code=1).output


def test_mixing_needs_styles(run: Run) -> None:
    assert "has no styles" in run("mix", "tiny-gan", "-o", "x.png", code=2).output
