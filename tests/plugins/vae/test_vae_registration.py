"""The plugin registers everything it has, and imports no torch to do so."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import genzoo
import genzoo_vae
from genzoo import ArchitectureSpec, Config, ObjectiveSpec, PriorSpec

ARCHITECTURES = genzoo_vae.genzoo_architectures()
OBJECTIVES = genzoo_vae.genzoo_objectives()
PRIORS = genzoo_vae.genzoo_priors()
RECORDS = [*ARCHITECTURES, *OBJECTIVES, *PRIORS]


def resolve(target: str) -> type:
    module, _, attribute = target.partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, type)
    return found


def test_registers_without_torch() -> None:
    program = (
        "import sys, genzoo_vae, genzoo_vae.configs, genzoo_vae.autoencoders.configs\n"
        "genzoo_vae.genzoo_architectures(), genzoo_vae.genzoo_objectives()\n"
        "genzoo_vae.genzoo_priors()\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_names() -> None:
    assert [record.name for record in RECORDS] == [
        *("conv-vae", "kl-autoencoder", "vq-autoencoder", "tiny-autoencoder"),
        *("elbo", "autoencoder", "iwae"),
        *("mixture", "class-mixture", "transformer"),
    ]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: f"{r.what} {r.name}")
def test_targets_and_configs_resolve(
    record: ArchitectureSpec | ObjectiveSpec | PriorSpec,
) -> None:
    base = {
        "architecture": genzoo.Architecture,
        "objective": genzoo.Objective,
        "prior": genzoo.FittedPrior,
    }[record.what]
    assert issubclass(resolve(record.target), base)
    config = resolve(record.config)
    assert issubclass(config, Config)
    config()
    for name, field in config.model_fields.items():
        assert field.description, name


@pytest.mark.parametrize("record", ARCHITECTURES, ids=lambda r: r.name)
def test_what_an_architecture_names_exists(record: ArchitectureSpec) -> None:
    assert record.objective in {objective.name for objective in OBJECTIVES}
    assert set(record.priors) <= {prior.name for prior in PRIORS}
    parts = resolve(record.target)(
        resolve(record.config)(**record.tiny), genzoo.SampleSpec(shape=(1, 16, 16))
    ).build()
    assert tuple(parts) == record.parts
