"""The command line in this process, with the toys, the sketches and a small zoo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sketches
import toys
from bundled_metrics import manager_with_metrics
from click.testing import CliRunner, Result

import genzoo
import genzoo_sources
from genzoo import ModelSpec, SampleSpec, hookimpl
from genzoo.artifact.save import save_model
from genzoo.cli.main import main
from genzoo.model.build import build_model
from genzoo.plugins import manager as plugin_manager
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]


class Zoo:
    """A plugin that registers models in folders."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self.folders = folders

    @hookimpl
    def genzoo_models(self) -> list[ModelSpec]:
        return [
            ModelSpec(
                name=name,
                architecture=name.replace("tiny", "toy").removesuffix("-classes"),
                location=str(folder),
                licence="CC0-1.0",
                summary=f"The {name}",
            )
            for name, folder in self.folders.items()
        ]


@pytest.fixture(scope="session")
def zoo_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Artifacts of 3x8x8 images: a GAN, one with classes, and a VAE with the prior `shifted`."""
    import torch

    root = tmp_path_factory.mktemp("zoo")
    registry = toys.toy_registry()
    plain, classes = SampleSpec(shape=(3, 8, 8)), ("cat", "dog", "1")
    labelled = SampleSpec(shape=(3, 8, 8), classes=classes)
    vae = build_model(registry, "toy-vae", plain, {}, seed=2)
    prior = toys.ToyPrior(vae.latent_spec, toys.ToyPriorConfig(scale=0.5))
    vae.add_priors({"shifted": prior.fit(torch.full((4, toys.LATENT), 3.0), 0)})
    models = {
        "tiny-gan": build_model(registry, "toy-gan", plain, {}, seed=1),
        "tiny-gan-classes": build_model(registry, "toy-gan", labelled, {}, seed=1),
        "tiny-vae": vae,
    }
    for name, model in models.items():
        save_model(model, root / name, registry=registry, preview=False)
    return {name: root / name for name in models}


@pytest.fixture
def manager(zoo_folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> PluginManager:
    """The plugins that commands see."""
    manager = manager_with_metrics()
    manager.add(genzoo_sources, "genzoo", genzoo.__version__)
    manager.add(toys, "genzoo-toys", "1.2.3")
    manager.add(sketches, "genzoo-sketches", "0.5")
    manager.add(Zoo(zoo_folders), "genzoo-zoo", "0.1")
    monkeypatch.setattr(plugin_manager, "default_manager", lambda: manager)
    return manager


@pytest.fixture
def run(manager: PluginManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `genzoo ARGS` in an empty folder. Nothing may escape as a traceback."""
    monkeypatch.chdir(tmp_path)

    def run(*args: object, code: int = 0) -> Result:
        result = CliRunner().invoke(main, [str(arg) for arg in args])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return run
