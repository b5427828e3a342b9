"""The plugin is found, registers everything it has, and imports no torch to do so."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import genzoo
import genzoo_diffusion


def resolve(target):
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def test_registers_without_torch():
    program = (
        "import sys, genzoo_diffusion, genzoo_diffusion.configs\n"
        "genzoo_diffusion.genzoo_architectures(), genzoo_diffusion.genzoo_objectives()\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_targets_are_what_they_should_be():
    objectives = {one.name: one for one in genzoo_diffusion.genzoo_objectives()}
    for objective in objectives.values():
        assert issubclass(resolve(objective.target), genzoo.Objective)
    for architecture in genzoo_diffusion.genzoo_architectures():
        assert issubclass(resolve(architecture.target), genzoo.Architecture)
        assert set(objectives[architecture.objective].requires) <= set(architecture.parts)


def test_options_have_defaults_and_descriptions():
    records = [*genzoo_diffusion.genzoo_architectures(), *genzoo_diffusion.genzoo_objectives()]
    for record in records:
        config = resolve(record.config)
        assert issubclass(config, genzoo.Config)
        assert config.model_validate_json(config().model_dump_json()) == config()
        for name, field in config.model_fields.items():
            assert field.description, name


def test_only_public_names_of_genzoo_are_used():
    for path in Path(genzoo_diffusion.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "genzoo":
                assert node.module == "genzoo", path.name
                assert {alias.name for alias in node.names} <= set(genzoo.__all__), path.name
