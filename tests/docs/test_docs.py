"""The manual knows every command and architecture, and its Python runs."""

import re
from pathlib import Path

import pytest

from genzoo.cli.main import COMMANDS
from genzoo.plugins.manager import PluginManager
from genzoo.records import ArchitectureSpec, ObjectiveSpec
from genzoo.registry import load_target
from genzoo.training.training_config import TrainingConfig

ROOT = Path(__file__).parents[2]
MANUAL = {path.name: path.read_text() for path in [*ROOT.glob("docs/*.md"), ROOT / "README.md"]}
REGISTRY = PluginManager.discover().registry


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command):
    assert f"`genzoo {command}" in MANUAL["command-line.md"]


@pytest.mark.parametrize("name", TrainingConfig.model_fields)
def test_every_training_option_is_documented(name):
    option = f"`--{name.replace('_', '-')}"
    assert any(option in page for page in MANUAL.values()), option


@pytest.mark.parametrize(
    "objective", ["gan", "lsgan", "hinge", "wgan-gp", "r3gan", "projected", "elbo"]
)
def test_schedules_and_augmentation_of_objectives_are_documented(objective):
    fields = load_target(REGISTRY[ObjectiveSpec].find(objective).record.config).model_fields
    about = ("ada_", "augment", "gamma_", "burn_in", "warmup", "cycles")
    for name in fields:
        if name.startswith(about):
            assert f"`--{name.replace('_', '-')}`" in MANUAL["training.md"]


@pytest.mark.parametrize("name", REGISTRY[ArchitectureSpec].names())
def test_every_architecture_and_its_objective_is_in_the_readme(name):
    (row,) = re.findall(rf"^\| `{name}` .*$", MANUAL["README.md"], re.MULTILINE)
    assert f"`{REGISTRY[ArchitectureSpec].find(name).record.objective}` (default)" in row


def test_links_lead_somewhere():
    for page, text in MANUAL.items():
        folder = ROOT if page == "README.md" else ROOT / "docs"
        for target in re.findall(r"\]\((?!http)([^)#]+)", text):
            assert (folder / target).exists(), f"{page}: {target}"


def test_the_readmes_python_runs(tmp_path, monkeypatch):
    import numpy as np
    from PIL import Image

    (code,) = re.findall(r"```python\n(.*?)```", MANUAL["README.md"], re.DOTALL)
    monkeypatch.chdir(tmp_path)
    photos = tmp_path / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number in range(8):
        pixels = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / f"{number}.png")
    small = "steps=1, batch_size=4, config={'width': 4})"
    assert "steps=5000)" in code
    exec(compile(code.replace("steps=5000)", small), "README.md", "exec"), {})
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size[0] > 200
    assert (tmp_path / "runs/photos/artifact/model.safetensors").exists()


def test_the_encoder_of_the_page_on_quantisers_works():
    (code,) = re.findall(r"```python\n(.*?)```", MANUAL["quantisers.md"], re.DOTALL)
    exec(compile(code, "quantisers.md", "exec"), {"__name__": "quantisers"})


def test_the_pages_for_plugin_authors_are_short():
    pages = ("plugins.md", "writing-a-plugin.md", "plugin-contract.md", "hooks.md")
    assert sum(len(MANUAL[page].split()) for page in pages) < 6000
