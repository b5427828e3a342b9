"""Subjects made of toys, sound and flawed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import toy_objectives
import toys

from genzoo import ArchitectureSpec, ObjectiveSpec, PriorSpec
from genzoo.plugins.manager import PluginManager
from genzoo.records import Record
from genzoo.registry import Registry
from genzoo_testing.check_targets import ArchitectureSubject, PairSubject, RecordSubject

OWNER = "genzoo-flawed"


@pytest.fixture
def registry() -> Registry:
    registry = PluginManager().registry
    records = [*toys.genzoo_architectures(), *toys.genzoo_priors()]
    registry.add_all([*records, *toy_objectives.genzoo_objectives()], OWNER, "1")
    return registry


@pytest.fixture
def record(registry: Registry) -> Callable[[Record], RecordSubject]:
    """Registers a record and makes it a subject."""

    def make(record: Record) -> RecordSubject:
        registry.add_all([record], OWNER, "1")
        return RecordSubject(registry, registry.catalogue(record)[f"{OWNER}/{record.name}"])

    return make


@pytest.fixture
def architecture(registry: Registry) -> Callable[..., ArchitectureSubject]:
    """Registers a class of `flaws` as an architecture; keyword arguments go to its record."""

    def make(name: str = "ToyGAN", vae: bool = False, **fields) -> ArchitectureSubject:
        parts = ("encoder", "decoder") if vae else ("generator", "discriminator")
        facts = {
            "name": "flawed",
            "family": "toys",
            "target": f"flaws:{name}",
            "config": "toys:ToyConfig",
            "parts": parts,
            "inference": parts if vae else ("generator",),
            "objective": "elbo" if vae else "gan",
        }
        registry.add_all([ArchitectureSpec(**(facts | fields))], OWNER, "1")
        entry = registry[ArchitectureSpec].find("flawed")
        return ArchitectureSubject(registry, entry, entry.record.kinds[0])

    return make


@pytest.fixture
def pair(registry: Registry, architecture) -> Callable[..., PairSubject]:
    """Registers a class of `flaws` as an objective, and pairs it with an architecture."""

    def make(name: str = "Sound", target: str = "ToyGAN", **fields) -> PairSubject:
        facts = {
            "name": "flawed-loss",
            "family": "toys",
            "target": f"flaws:{name}",
            "config": "toy_objectives:ToyObjectiveConfig",
            "requires": ("generator", "discriminator"),
        }
        registry.add_all([ObjectiveSpec(**(facts | fields))], OWNER, "1")
        subject = architecture(target, objective="flawed-loss")
        return PairSubject(subject, registry[ObjectiveSpec].find("flawed-loss"), OWNER)

    return make


@pytest.fixture
def prior(record) -> Callable[[str], RecordSubject]:
    """Registers a class of `flaws` as a prior."""

    def make(name: str) -> RecordSubject:
        config = "toys:ToyPriorConfig"
        return record(PriorSpec(name="flawed", target=f"flaws:{name}", config=config))

    return make
