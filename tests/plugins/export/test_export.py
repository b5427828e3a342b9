"""Models in files that run without genzoo."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner
from toys import ToyConfig

import genzoo
from genzoo import ArchitectureSpec, CapabilityError, Generator, LatentSpec, SampleSpec, UsageError
from genzoo.cli.main import main
from genzoo.model.build import build_model
from genzoo.registry import Registry
from genzoo_export.export import export
from genzoo_export.forms import FORMS
from genzoo_testing.check_targets import ArchitectureSubject

IMAGES = SampleSpec(shape=(3, 8, 8), classes=("cat", "dog"))


@pytest.fixture
def labelled(registry: Registry) -> genzoo.Model:
    """A toy GAN of two classes."""
    return build_model(registry, "toy-gan", IMAGES, {}, seed=1)


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize("count", [1, 7])
def test_a_file_gives_what_the_model_gives_for_any_number_of_rows(
    labelled: genzoo.Model, tmp_path: Path, ending: str, count: int
) -> None:
    path = tmp_path / f"toy{ending}"
    done = export(labelled, path)
    assert done.part == "decode"
    assert done.difference < 1e-5
    latents, labels = labelled.draw_latents(count, seed=5), torch.arange(count) % 2
    made = FORMS[ending].run(path, {"latents": latents, "labels": labels})
    torch.testing.assert_close(made, labelled.decode(latents, labels), atol=1e-5, rtol=1e-5)


def test_an_encoder_is_exported_on_request(toy_vae: genzoo.Model, tmp_path: Path) -> None:
    path = tmp_path / "encoder.onnx"
    assert export(toy_vae, path, part="encode").part == "encode"
    samples = toy_vae.sample(3, seed=9)
    made = FORMS[".onnx"].run(path, {"samples": samples})
    torch.testing.assert_close(made, toy_vae.encode(samples), atol=1e-5, rtol=1e-5)


def test_the_file_says_what_it_is(labelled: genzoo.Model, tmp_path: Path) -> None:
    export(labelled, tmp_path / "toy.onnx", licence="CC0-1.0")
    export(labelled, tmp_path / "toy.pt2", licence="CC0-1.0")
    notes = {p.key: p.value for p in onnx.load(tmp_path / "toy.onnx").metadata_props}
    assert notes["licence"] == "CC0-1.0"
    assert json.loads(notes["classes"]) == ["cat", "dog"]
    assert json.loads(notes["samples"])["low"] == -1.0
    files = {"genzoo.json": ""}
    torch.export.load(tmp_path / "toy.pt2", extra_files=files)
    assert json.loads(files["genzoo.json"])["function"] == "decode"


def test_a_file_runs_where_genzoo_is_not_installed(labelled: genzoo.Model, tmp_path: Path) -> None:
    export(labelled, tmp_path / "toy.onnx")
    z = labelled.draw_latents(2, seed=0)
    np.save(tmp_path / "z.npy", z.numpy())
    code = (
        "import sys, numpy as np, onnxruntime as o\n"
        "sys.modules['genzoo'] = sys.modules['torch'] = None\n"
        "s = o.InferenceSession('toy.onnx')\n"
        "made, = s.run(None, {'latents': np.load('z.npy'), 'labels': np.array([0, 1])})\n"
        "np.save('made.npy', made)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    made = torch.from_numpy(np.load(tmp_path / "made.npy"))
    torch.testing.assert_close(made, labelled.decode(z, [0, 1]), atol=1e-5, rtol=1e-5)


def test_the_model_is_left_as_it_is(labelled: genzoo.Model, tmp_path: Path) -> None:
    labelled.double().train()
    before = {name: tensor.clone() for name, tensor in labelled.state_dict().items()}
    export(labelled, tmp_path / "toy.pt2")
    assert labelled.training
    assert all(torch.equal(before[name], x) for name, x in labelled.state_dict().items())


class Fickle(Generator):
    """Gives something else each time."""

    calls = 0

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        Fickle.calls += 1
        return z[:, :, None, None].expand(-1, 3, 8, 8) * (Fickle.calls % 5)


class Branching(Generator):
    """Decides by the values of its latents, which no graph can."""

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        x = z[:, :, None, None].expand(-1, 3, 8, 8)
        return x if bool(z.sum() > 0) else -x


class OfOneGenerator(genzoo.Architecture):
    """Wraps one of these."""

    part: type[Generator] = Fickle

    @property
    def latent(self) -> LatentSpec:
        return LatentSpec(shape=(3,))

    def build(self) -> dict[str, torch.nn.Module]:
        return {"generator": self.part()}


class OfBranches(OfOneGenerator):
    part = Branching


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize(
    ("made_of", "message"), [(OfOneGenerator, "differ"), (OfBranches, "cannot be exported")]
)
def test_what_would_be_wrong_is_not_written(
    tmp_path: Path, ending: str, made_of: type[OfOneGenerator], message: str
) -> None:
    architecture = made_of(ToyConfig(), SampleSpec(shape=(3, 8, 8)))
    model = genzoo.Model("x/fickle", architecture, architecture.build())
    with pytest.raises(CapabilityError, match=message) as error:
        export(model, tmp_path / f"x{ending}")
    assert len(str(error.value).splitlines()) <= 2
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_known_is_refused(toy_gan: genzoo.Model, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Known: \.onnx, \.pt2"):
        export(toy_gan, tmp_path / "x.h5")
    with pytest.raises(UsageError, match="Known: decode, encode"):
        export(toy_gan, tmp_path / "x.onnx", part="discriminator")
    with pytest.raises(CapabilityError, match="no encoder"):
        export(toy_gan, tmp_path / "x.onnx", part="encode")


def test_the_command_says_the_largest_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["export", "peeps-gan", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["path"] == "peeps-gan.onnx"
    assert told["difference"] < told["tolerance"]
    assert Path("peeps-gan.onnx").stat().st_size > 1_000_000
    Path("mine.onnx").write_text("mine")
    assert CliRunner().invoke(main, ["export", "peeps-gan", "-o", "mine.onnx"]).exit_code == 2
    assert Path("mine.onnx").read_text() == "mine"


def bundled_architectures() -> list[str]:
    registry = genzoo.known_names()
    return [name for name in registry[ArchitectureSpec] if name.startswith("genzoo/")]


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled_architectures())
def test_every_architecture_is_exported(name: str, tmp_path: Path) -> None:
    registry = genzoo.known_names()
    entry = registry[ArchitectureSpec].find(name)
    for kind in entry.record.kinds:
        subject = ArchitectureSubject(registry, entry, kind)
        model = subject.stirred(subject.tiny.samples[0])
        path = tmp_path / f"{kind}.pt2"
        if name in REFUSED:
            with pytest.raises(CapabilityError, match="cannot be exported"):
                export(model, path)
        else:
            done = export(model, path)
            assert done.difference <= done.tolerance


REFUSED = {"genzoo/stylegan2", "genzoo/stylegan3-r", "genzoo/stylegan3-t", "genzoo/text-vae"}
"""Whose operations cannot be exported: convolutions with a group for each row, or a loop that ends
by what was drawn."""
