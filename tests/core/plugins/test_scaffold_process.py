"""A generated plugin, installed and used for real."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from environments import Environment

from genzoo.plugins.scaffold import CONTENTS, TEMPLATE, parse_name, write_plugin

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that the command wrote."""
    folder = tmp_path_factory.mktemp("scaffold") / "genzoo-flow"
    code = "from genzoo.cli.main import main; main(prog_name='genzoo')"
    command = [sys.executable, "-c", code, "plugins", "new", "flow", "-o", str(folder)]
    subprocess.run(command, check=True)
    return folder


def output(result: subprocess.CompletedProcess[str]) -> str:
    """What a command printed; it must have succeeded."""
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_it_installs_trains_resumes_samples_loads_and_passes_its_tests(
    plugin: Path, tmp_path: Path
) -> None:
    environment = Environment.create(tmp_path / "environment")
    environment.install(plugin)
    is_listed(environment)
    with ThreadPoolExecutor() as pool:
        check = pool.submit(environment.genzoo, "plugins", "check", "genzoo-flow")
        tests = pool.submit(
            environment.run, "-m", "pytest", "-q", "--basetemp", tmp_path / "written", cwd=plugin
        )
        trains_and_resumes(environment, tmp_path)
        samples_the_same_from_python(environment, tmp_path)
    assert "flow with flow-loss" in output(check.result())
    assert "passed" in output(tests.result())


def test_the_plugin_of_each_kind_passes_the_contract_and_its_tests(tmp_path: Path) -> None:
    environment = Environment.create(tmp_path / "environment")
    kinds = [kind for kind in CONTENTS if kind != "image"]
    folders = [tmp_path / f"genzoo-my-{kind}" for kind in kinds]
    for kind, folder in zip(kinds, folders, strict=True):
        write_plugin(parse_name(folder.name), folder, content=CONTENTS[kind])
    environment.install(*folders)
    for folder in folders:
        checked = output(environment.genzoo("plugins", "check", folder.name))
        assert "kind-keeps-samples" in checked
        words = ("-m", "pytest", "-q", "--basetemp", tmp_path / "written")
        not_again = ("-k", "not TestMy", "-p", "no:cacheprovider")
        assert "passed" in output(environment.run(*words, *not_again, cwd=folder))


@pytest.mark.parametrize("kind", ["audio", "own", "text"])
def test_the_plugin_of_each_kind_satisfies_the_type_checker(
    kind: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    write_plugin(parse_name("flow"), tmp_path / "flow", content=CONTENTS[kind])
    check_types(tmp_path / "flow", pytestconfig)


def is_listed(environment: Environment) -> None:
    rows = json.loads(output(environment.genzoo("plugins", "list", "--json")))
    (row,) = [row for row in rows if row["distribution"] == "genzoo-flow"]
    assert (row["state"], row["version"], row["reason"]) == ("loaded", "0.1.0", "")
    assert row["registers"] == ["architecture flow", "objective flow-loss"]


def trains_and_resumes(environment: Environment, folder: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
    np.savez(folder / "images.npz", images=images)
    options = ["--steps", "3", "--batch-size", "8", "--width", "8", "--latent-dim", "4"]
    output(environment.genzoo("train", "flow", "images.npz", "-o", "run", *options, cwd=folder))
    resumed = environment.genzoo("train", "--resume", "run", "--steps", "5", cwd=folder)
    output(resumed)
    assert "Going on from step 3" in resumed.stderr


def samples_the_same_from_python(environment: Environment, folder: Path) -> None:
    output(environment.genzoo("sample", "run", "-n", "4", "-o", "samples.npz", cwd=folder))
    code = """if True:
        import sys, genzoo, numpy, torch
        model = genzoo.load("run")
        assert "genzoo_flow.architecture" in sys.modules
        samples = model.sample(4).permute(0, 2, 3, 1)
        pixels = ((samples + 1) * 127.5).round().to(torch.uint8).numpy()
        drawn = numpy.load("samples.npz")["images"]
        assert drawn.shape == (4, 16, 16, 3), drawn.shape
        assert numpy.abs(drawn.astype(int) - pixels).max() <= 1
    """
    output(environment.run("-c", code, cwd=folder))


def test_it_satisfies_the_type_checker(plugin: Path, pytestconfig: pytest.Config) -> None:
    check_types(plugin, pytestconfig)


def check_types(plugin: Path, pytestconfig: pytest.Config) -> None:
    cache = pytestconfig.cache
    assert cache is not None
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache.mkdir("mypy")]
    command += ["genzoo_flow", "tests"]
    result = subprocess.run(command, cwd=plugin, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_wheel_brings_the_templates(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    sources = {
        f"genzoo/plugins/template/{path.relative_to(TEMPLATE).as_posix()}"
        for path in TEMPLATE.rglob("*")
        if path.is_file()
    }
    assert len(sources) == 27
    assert sources <= names
