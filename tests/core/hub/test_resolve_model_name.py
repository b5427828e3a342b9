"""What a user calls a model, and the folder that it means."""

import subprocess
import sys

import pytest

from genzoo import ArtifactError, ModelSpec, SampleSpec
from genzoo.artifact.format import ArtifactConfig, FileRecord, Provider, write_config
from genzoo.errors import AmbiguousNameError, HubError, UnknownNameError
from genzoo.hub.cache import commit_folder, record_revision
from genzoo.hub.reference import parse_reference
from genzoo.hub.resolve_model_name import find_model
from genzoo.registry import Registry


def describe(folder, **changes):
    folder.mkdir(parents=True)
    values = {
        "genzoo_version": "0.1.0",
        "architecture": "genzoo/dcgan",
        "provider": Provider(distribution="genzoo", version="0.1.0"),
        "sample": SampleSpec(shape=(3, 64, 64), classes=("a", "b")),
        "latent": {"shape": (100,)},
        "parts": ("generator",),
        "files": {"model.safetensors": FileRecord(sha256="0" * 64, size=1000)},
    }
    write_config(folder, ArtifactConfig(**{**values, **changes}))
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.fixture
def zoo(home):
    """`faces` and `birds` of genzoo, and another's `birds`."""
    registry = Registry()

    def model(name, location):
        return ModelSpec(
            name=name, architecture="dcgan", location=str(location), licence="CC0-1.0", summary="S"
        )

    faces = describe(home / "zoo" / "faces")
    registry.add_all(
        [model("faces", faces), model("birds", home / "gone"), model("far", "me/far@main")],
        "genzoo",
        "0.1.0",
    )
    registry.add_all([model("birds", home / "gone")], "other", "1")
    return registry


def test_a_name_of_the_zoo(zoo, home):
    for name in ("faces", "genzoo/faces"):
        found = find_model(name, zoo)
        assert (found.name, found.folder, found.origin) == (name, home / "zoo/faces", "zoo")


def test_paths(zoo, home):
    folder = describe(home / "work" / "mine")
    for name in ("mine", "./mine", str(folder), folder, "../work/mine"):
        found = find_model(name, zoo)
        assert found.folder.resolve() == folder
        assert found.origin == "path"


def test_a_path_in_the_home_folder(zoo, home, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    describe(home / "models" / "a")
    assert find_model("~/models/a", zoo).folder == home / "models" / "a"


def test_a_run_means_its_artifact(zoo, home):
    describe(home / "work/runs/x/artifact")
    assert find_model("runs/x", zoo).folder.as_posix() == "runs/x/artifact"


def test_a_run_without_a_model(zoo, home):
    (home / "work/runs/x").mkdir(parents=True)
    (home / "work/runs/x/run.json").touch()
    with pytest.raises(ArtifactError, match="'runs/x' has saved no model yet") as caught:
        find_model("runs/x", zoo)
    assert "genzoo train --resume runs/x" in caught.value.hint


def test_a_folder_without_a_model(zoo, home):
    (home / "work" / "pictures").mkdir()
    with pytest.raises(ArtifactError, match="'pictures' holds no model"):
        find_model("pictures", zoo)


def test_a_file(zoo, home):
    (home / "work" / "weights.safetensors").touch()
    with pytest.raises(ArtifactError, match="is a file"):
        find_model("weights.safetensors", zoo)


def test_a_folder_and_a_model_of_one_name(zoo, home):
    folder = describe(home / "work" / "faces")
    with pytest.raises(AmbiguousNameError, match="both a folder here and a model") as caught:
        find_model("faces", zoo)
    assert "./faces" in caught.value.hint
    assert "genzoo/faces" in caught.value.hint
    assert find_model("./faces", zoo).folder.resolve() == folder
    assert find_model("genzoo/faces", zoo).origin == "zoo"


def test_two_distributions_of_one_name(zoo):
    with pytest.raises(AmbiguousNameError, match="More than one model") as caught:
        find_model("birds", zoo)
    assert caught.value.hint == "Say genzoo/birds or other/birds."


def test_a_misspelt_name(zoo):
    with pytest.raises(UnknownNameError, match="no model named 'facse'") as caught:
        find_model("facse", zoo)
    assert "faces" in caught.value.hint


def test_a_path_that_is_not_there(zoo):
    with pytest.raises(UnknownNameError, match="There is no folder"):
        find_model("./nowhere", zoo)


def cached(name, commit="1" * 40):
    """A model of the Hub that was pulled before."""
    reference = parse_reference(name)
    folder = describe(commit_folder(reference, commit))
    record_revision(reference, commit)
    return folder


@pytest.mark.parametrize("name", ["someone/model", "someone/model@v1", "someone/model@a/b"])
def test_a_cached_model_of_the_hub(zoo, name):
    folder = cached(name)
    found = find_model(name, zoo)
    assert (found.folder, found.origin) == (folder, "hub")


@pytest.fixture
def pulled(monkeypatch):
    """References that are pulled, which the Hub does not have."""
    asked = []

    def fetch(reference, progress, weights_of):
        asked.append(str(reference))
        raise HubError("no Hub")

    monkeypatch.setattr("genzoo.hub.pull.fetch", fetch)
    return asked


@pytest.mark.parametrize("name", ["someone/model", "someone/model@v1"])
def test_another_model_of_the_hub_is_pulled(zoo, pulled, name):
    with pytest.raises(HubError):
        find_model(name, zoo)
    assert pulled == [name]


def test_a_model_of_the_zoo_on_the_hub(zoo, pulled):
    with pytest.raises(HubError):
        find_model("far", zoo)
    assert pulled == ["me/far"]


def test_a_folder_and_a_cached_model_of_one_name(zoo, home):
    folder = describe(home / "work" / "someone" / "model")
    assert find_model("someone/model", zoo).folder == folder.relative_to(home / "work")
    place = cached("someone/model")
    with pytest.raises(AmbiguousNameError, match="both a folder here and a model of the Hub") as e:
        find_model("someone/model", zoo)
    assert "./someone/model" in e.value.hint
    assert "someone/model@main" in e.value.hint
    assert find_model("./someone/model", zoo).origin == "path"
    assert find_model("someone/model@main", zoo).folder == place


def test_the_zoo_and_a_cached_model_of_one_name(zoo):
    assert find_model("genzoo/faces", zoo).origin == "zoo"
    cached("genzoo/faces")
    with pytest.raises(AmbiguousNameError, match="a model of the zoo and a model of the Hub") as e:
        find_model("genzoo/faces", zoo)
    assert e.value.hint == (
        "Say faces for the model of the zoo or genzoo/faces@main for the model of the Hub."
    )


def test_torch_is_not_imported():
    code = "import sys, genzoo.hub.resolve_model_name; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
