"""The manager as an object: adding plugins by hand, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from genzoo import DatasetSpec, ObjectiveSpec, hookimpl
from genzoo.errors import PluginError
from genzoo.plugins.hookspecs import RECORD_HOOKS, RecordHooks
from genzoo.plugins.manager import PluginManager


class Dots:
    @hookimpl
    def genzoo_datasets(self) -> list[DatasetSpec]:
        return [DatasetSpec(name="dots", target="m:f", version="1")]


class Misspelt:
    @hookimpl
    def genzoo_dataset(self) -> list[DatasetSpec]:
        return []


class Generator:
    @hookimpl
    def genzoo_objectives(self):
        yield ObjectiveSpec(name="o", family="f", target="m:f", config="m:c", requires=("g",))


def test_objects_can_be_added() -> None:
    manager = PluginManager()
    manager.add(Dots(), "Genzoo_Dots", "3")
    assert manager.registry[DatasetSpec].find("dots").full_name == "genzoo-dots/dots"
    (status,) = manager.statuses
    assert (status.name, status.version, status.state) == ("Dots", "3", "loaded")


def test_hooks_may_be_generators() -> None:
    manager = PluginManager()
    manager.add(Generator())
    assert manager.registry[ObjectiveSpec].names() == ["o"]


def test_adding_a_broken_one_raises_and_leaves_no_trace() -> None:
    manager = PluginManager()
    with pytest.raises(PluginError, match="Did you mean genzoo_datasets"):
        manager.add(Misspelt())
    assert manager.statuses == []
    manager.add(Dots())
    assert manager.registry[DatasetSpec].names() == ["dots"]


def test_the_same_object_cannot_be_added_twice() -> None:
    manager = PluginManager()
    dots = Dots()
    manager.add(dots, "one")
    with pytest.raises(PluginError):
        manager.add(dots, "one")
    with pytest.raises(PluginError):
        manager.add(dots, "two")
    assert manager.registry[DatasetSpec].names() == ["dots"]


def test_managers_are_independent() -> None:
    first, second = PluginManager(), PluginManager()
    first.add(Dots())
    assert second.registry[DatasetSpec].names() == []


def test_every_specified_hook_is_called() -> None:
    specified = {name for name in vars(RecordHooks) if name.startswith("genzoo_")}
    assert specified == set(RECORD_HOOKS)


def test_genzoo_s_own_plugins_load_without_torch_numpy_or_pydantic() -> None:
    code = (
        "import sys\n"
        "from genzoo.plugins.manager import default_manager\n"
        "manager = default_manager()\n"
        "assert manager is default_manager()\n"
        "assert {s.state for s in manager.statuses} == {'loaded'}, manager.statuses\n"
        "heavy = {'torch', 'torchvision', 'numpy', 'pydantic', 'rich', 'packaging'}\n"
        "print(*heavy & set(sys.modules))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""
