"""The frozen network that a loss looks at samples through is found by the feature space's name."""

import re
import sys
from types import ModuleType

import pytest
from torch import nn

from genzoo import FeatureNetwork, FeatureSpec, UnknownNameError, UsageError
from genzoo.errors import PluginError
from genzoo.model.open_feature_network import feature_network
from genzoo.registry import Registry


class Edges(FeatureNetwork):
    hash = "edges-1"
    channels = {"edges": 1}  # noqa: RUF012
    strides = {"edges": 1}  # noqa: RUF012

    def forward(self, x, taps=None):
        return [x.mean(1, keepdim=True)]


class NotOne(nn.Module):
    pass


EDGES = {"target": "a:B", "network": "edges_network:Edges", "preferred": 1}


def registry(**fields):
    found = Registry()
    specs = [
        FeatureSpec(name="plain", target="a:B", preferred=90),
        FeatureSpec(name="edges", **{**EDGES, **fields}),
    ]
    found.add_all(specs, "genzoo-edges", "1")
    return found


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    module = ModuleType("edges_network")
    module.__dict__.update(Edges=Edges, NotOne=NotOne)
    monkeypatch.setitem(sys.modules, "edges_network", module)


@pytest.mark.parametrize("name", [None, "edges", "genzoo-edges/edges"])
def test_it_is_found_by_name_or_taken_as_the_preferred_one(name):
    network = feature_network(name, registry=registry())
    assert isinstance(network, Edges)
    assert network.full_name == "genzoo-edges/edges"


@pytest.mark.parametrize("name", [None, "edges"])
def test_a_missing_package_is_named_with_what_to_type(name):
    known = registry(requires=("no_such_module",), install="pip install 'edges[weights]'")
    with pytest.raises(UsageError, match="needs no_such_module, which is not installed") as error:
        feature_network(name, registry=known)
    assert error.value.hint == "Type pip install 'edges[weights]'."


def test_a_feature_space_without_a_network_says_which_have_one():
    with pytest.raises(UsageError, match="plain has no network") as error:
        feature_network("plain", registry=registry())
    assert error.value.hint == "Choose one of edges."


def test_a_network_that_is_never_preferred_is_not_the_default():
    with pytest.raises(UsageError, match="No plugin brings a feature network for image"):
        feature_network(registry=registry(preferred=0))


def test_a_network_for_another_kind_is_not_taken():
    with pytest.raises(UsageError, match="No plugin brings a feature network for sound"):
        feature_network(kind="sound", registry=registry())


def test_an_unknown_name_is_an_error_of_its_own():
    with pytest.raises(UnknownNameError, match="no feature space"):
        feature_network("edgs", registry=registry())


def test_a_target_of_another_class_is_the_plugins_mistake():
    with pytest.raises(PluginError, match=re.escape("genzoo-edges/edges is not a genzoo.Feat")):
        feature_network(registry=registry(network="edges_network:NotOne"))
