"""Models whose plugin is absent, left out, too old or too new."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import toys
from environments import Environment, write_wheel

from genzoo.artifact.format import Provider
from genzoo.artifact.load import load_model
from genzoo.artifact.provider import installed, made_by
from genzoo.errors import ArtifactError, PluginError
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry


def provider(accepts: str = "", version: str = "1.2.3") -> Provider:
    return Provider(distribution="genzoo-toys", version=version, accepts=accepts)


def look_up(registry: Registry, accepts: str, name: str = "genzoo-toys/toy-gan") -> Any:
    return installed(registry, registry[ArchitectureSpec], name, provider(accepts))


@pytest.mark.parametrize("accepts", ["", ">=1.2", "~=1.2", ">=1.2,<2", "==1.2.3"])
def test_a_version_in_the_range_will_do(accepts: str, registry: Registry) -> None:
    assert look_up(registry, accepts).version == "1.2.3"


@pytest.mark.parametrize("version", ["2.0rc1", "2.1.dev3", "abc"])
def test_prereleases_count_and_strange_versions_are_given_a_chance(version: str) -> None:
    assert look_up(toys.toy_registry(version=version), ">=1.2").version == version


@pytest.mark.parametrize("accepts", [">=1.3", "<1.2", ">=1,<1.2"])
def test_a_version_out_of_the_range_is_refused_with_the_range(
    accepts: str, registry: Registry
) -> None:
    with pytest.raises(PluginError) as caught:
        look_up(registry, accepts)
    assert caught.value.message == f"The model needs genzoo-toys {accepts}; 1.2.3 is installed."
    assert caught.value.hint == f"Type: genzoo plugins install 'genzoo-toys{accepts}'"


def test_what_is_absent_is_installed_in_the_right_version() -> None:
    with pytest.raises(PluginError) as caught:
        look_up(Registry(), ">=1.2")
    needs = "The model needs the architecture 'genzoo-toys/toy-gan'"
    assert caught.value.message == f"{needs}, which is not installed."
    assert caught.value.hint == "Type: genzoo plugins install 'genzoo-toys>=1.2'"
    with pytest.raises(PluginError) as caught:
        look_up(Registry(), ">=1.2", "genzoo/new")
    assert caught.value.hint == "Type: pip install --upgrade 'genzoo>=1.2'"


def test_a_plugin_that_lacks_the_architecture_is_told_from_an_absent_one(
    registry: Registry,
) -> None:
    with pytest.raises(PluginError, match=r"genzoo-toys 1\.2\.3 lacks; the model asks for >=9"):
        look_up(registry, ">=9", "genzoo-toys/other")


def test_a_plugin_that_is_not_loaded_is_told_from_an_absent_one() -> None:
    registry = Registry()
    registry.left_out["genzoo-toys"] = "it does not import: RuntimeError: no luck"
    with pytest.raises(PluginError) as caught:
        look_up(registry, ">=1.2")
    assert caught.value.message.endswith(
        "a plugin of genzoo-toys is not loaded: it does not import: RuntimeError: no luck."
    )
    assert caught.value.hint == "Type: genzoo plugins doctor"


def test_versions_are_mentioned_where_they_differ_and_nothing_else_is_known(
    registry: Registry,
) -> None:
    entry = registry[ArchitectureSpec].find("toy-gan")
    with pytest.raises(ArtifactError) as caught, made_by(provider(version="1.0"), entry):
        raise ArtifactError("It does not fit.")
    made = "the model was made by genzoo-toys 1.0, and 1.2.3 is installed."
    assert caught.value.message == f"It does not fit; {made}"
    assert caught.value.hint == "Type: genzoo plugins install 'genzoo-toys==1.0'"
    with pytest.raises(ArtifactError, match=r"^It does not fit\.$"), made_by(provider(), entry):
        raise ArtifactError("It does not fit.")
    with pytest.raises(PluginError, match=r"^Absent\. Do\.$"), made_by(provider("", "1"), entry):
        raise PluginError("Absent.", "Do.")


def test_weights_of_another_version_name_both(artifact: Path, registry: Registry) -> None:
    config = json.loads((artifact / "config.json").read_text())
    config["provider"]["version"] = "1.2.0"
    config["config"]["width"] = 5
    (artifact / "config.json").write_text(json.dumps(config))
    with pytest.raises(ArtifactError, match=r"made by genzoo-toys 1\.2\.0, and 1\.2\.3"):
        load_model(artifact, registry)


RECORDS = """
    from genzoo import ArchitectureSpec, hookimpl

    @hookimpl
    def genzoo_architectures():
        return [
            ArchitectureSpec(
                name="parade",
                family="gan",
                target="genzoo_parade.networks:ToyGAN",
                config="genzoo_parade.networks:ToyConfig",
                parts=("generator", "discriminator"),
                inference=("generator",),
                objective="gan",
            )
        ]
"""

MAKE = """
import sys
from pathlib import Path
import genzoo
from genzoo.artifact.save import save_model
from genzoo.plugins.manager import default_manager
model = genzoo.build("parade", size=8)
save_model(model, Path(sys.argv[1]), registry=default_manager().registry, preview=False)
"""


def wheel(folder: Path, version: str) -> Path:
    """The plugin; its networks are twice as wide from version 3 on."""
    networks = Path(toys.__file__).read_text(encoding="utf-8")
    if version >= "3":
        networks = networks.replace("width = config.width", "width = 2 * config.width")
    files = {"genzoo_parade/__init__.py": RECORDS, "genzoo_parade/networks.py": networks}
    return write_wheel(folder, "genzoo-parade", files, version=version)


@pytest.mark.slow
def test_models_meet_other_versions_of_an_installed_plugin(tmp_path: Path) -> None:
    environment = Environment.create(tmp_path / "environment")
    environment.install(wheel(tmp_path, "2.0"))
    model, bounded = tmp_path / "model", tmp_path / "bounded"
    made = environment.run("-c", MAKE, model)
    assert made.returncode == 0, made.stderr
    shutil.copytree(model, bounded)
    config = json.loads((model / "config.json").read_text())
    assert config["provider"]["accepts"] == ">=2.0"
    config["provider"]["accepts"] = ">=2.0,<3"
    (bounded / "config.json").write_text(json.dumps(config))

    def sample(where: Environment, folder: Path) -> list[str]:
        words = ["sample", folder, "-n", "2", "-o", tmp_path / "out.npz", "--json"]
        result = where.genzoo(*words)
        assert (result.returncode, result.stdout) == (1, "")
        return result.stderr.splitlines()

    bare = Environment.create(tmp_path / "bare")
    assert sample(bare, model) == [
        "Error: The model needs the architecture 'genzoo-parade/parade', which is not installed.",
        "Type: genzoo plugins install 'genzoo-parade>=2.0'",
    ]
    environment.install(wheel(tmp_path, "1.0"))
    assert sample(environment, model) == [
        "Error: The model needs genzoo-parade >=2.0; 1.0 is installed.",
        "Type: genzoo plugins install 'genzoo-parade>=2.0'",
    ]
    environment.install(wheel(tmp_path, "3.0"))
    error, hint = sample(environment, model)
    assert "does not fit" in error
    assert error.endswith("the model was made by genzoo-parade 2.0, and 3.0 is installed.")
    assert hint == "Type: genzoo plugins install 'genzoo-parade==2.0'"
    assert sample(environment, bounded) == [
        "Error: The model needs genzoo-parade >=2.0,<3; 3.0 is installed.",
        "Type: genzoo plugins install 'genzoo-parade>=2.0,<3'",
    ]
