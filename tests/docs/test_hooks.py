"""The page on hooks has each of them as it is, and its examples are a plugin that works."""

import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

from genzoo.plugins.hookspecs import EVENT_HOOKS, RECORD_HOOKS, EventHooks, RecordHooks
from genzoo.plugins.manager import PluginManager

PAGE = (Path(__file__).parents[2] / "docs/hooks.md").read_text()
SPECS = {**vars(RecordHooks), **vars(EventHooks)}
HOOKS = [name for name in SPECS if name.startswith("genzoo_")]
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def section(hook):
    (text,) = re.findall(rf"^### {hook}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return text


def signature(hook):
    found = inspect.signature(SPECS[hook])
    arguments = [f"{p.name}: {p.annotation}" for p in list(found.parameters.values())[1:]]
    return f"{hook}({', '.join(arguments)}) -> {found.return_annotation}"


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_there_with_its_signature_and_version(hook):
    text = section(hook)
    assert f"\n    {signature(hook)}\n" in text
    (version,) = re.findall(r"Since (\d+\.\d+)\.", SPECS[hook].__doc__)
    assert f" Since {version}.\n" in text
    assert f"@hookimpl\ndef {hook}(" in text


def test_no_other_hook_is_there():
    assert re.findall(r"^### (\w+)$", PAGE, re.MULTILINE) == HOOKS
    assert set(HOOKS) == {*RECORD_HOOKS, *EVENT_HOOKS}


def test_the_examples_are_a_plugin():
    plugin = ModuleType("examples")
    plugin.__dict__.update(Path=Path, __file__="examples.py")
    exec(compile("\n".join(EXAMPLES), "hooks.md", "exec"), plugin.__dict__)
    manager = PluginManager()
    manager.add(plugin, "genzoo-examples", "1")
    (status,) = manager.statuses
    assert len(status.registers) == len(RECORD_HOOKS) + len(EVENT_HOOKS)
    heard = {one.event for one in manager.registry.listeners if "examples" in one.distribution}
    assert heard == set(EVENT_HOOKS)
