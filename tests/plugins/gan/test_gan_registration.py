"""The plugin registers everything it has, and imports no torch to do so."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import genzoo
import genzoo_gan
from genzoo import ArchitectureSpec, Config, ObjectiveSpec

ARCHITECTURES = genzoo_gan.genzoo_architectures()
OBJECTIVES = genzoo_gan.genzoo_objectives()
RECORDS = [*ARCHITECTURES, *OBJECTIVES]


def resolve(target: str) -> object:
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def test_registers_without_torch() -> None:
    program = (
        "import sys, genzoo_gan, genzoo_gan.configs\n"
        "genzoo_gan.genzoo_architectures(), genzoo_gan.genzoo_objectives()\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_names() -> None:
    styled = {"stylegan2", "stylegan3-t", "stylegan3-r"}
    plain = {"convgan", "dcgan", "fastgan", "r3gan"}
    assert {record.name for record in ARCHITECTURES} == plain | styled
    losses = {"gan", "lsgan", "hinge", "wgan-gp", "r3gan", "projected"}
    assert {record.name for record in OBJECTIVES} == {*losses, "stylegan2"}


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: f"{r.what} {r.name}")
def test_targets_and_configs_resolve(record: ArchitectureSpec | ObjectiveSpec) -> None:
    base = genzoo.Architecture if isinstance(record, ArchitectureSpec) else genzoo.Objective
    target, config = resolve(record.target), resolve(record.config)
    assert isinstance(target, type)
    assert issubclass(target, base)
    assert isinstance(config, type)
    assert issubclass(config, Config)
    assert record.summary


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: f"{r.what} {r.name}")
def test_every_option_is_described(record: ArchitectureSpec | ObjectiveSpec) -> None:
    config = resolve(record.config)
    for name, field in config.model_fields.items():
        assert field.description, name
        assert "\n" not in field.description


@pytest.mark.parametrize("record", ARCHITECTURES, ids=lambda r: r.name)
def test_default_objective_fits(record: ArchitectureSpec) -> None:
    objective = next(o for o in OBJECTIVES if o.name == record.objective)
    config = resolve(objective.config)
    assert set(record.objective_defaults) <= set(config.model_fields)
    config.model_validate(dict(record.objective_defaults))
    assert set(objective.requires) <= set(record.parts)
