"""A model that was found: what is read of it, and when."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from genzoo import ArtifactError, Model
from genzoo.app.open_model import open_model
from genzoo.registry import Registry

OPENED: list[str] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and str(arguments[0]).endswith("config.json"):
        OPENED.append(str(arguments[0]))


sys.addaudithook(_audit)


@pytest.fixture
def opened_files() -> Iterator[list[str]]:
    """The descriptions that are opened meanwhile."""
    OPENED.clear()
    yield OPENED
    OPENED.clear()


def test_a_description_is_read_once_for_the_kind_and_the_weights(
    artifact: Path, registry: Registry, toy_gan: Model, opened_files: list[str]
) -> None:
    opened = open_model(str(artifact), registry)
    assert opened_files == []
    assert opened.kind.name == opened.config.sample.kind == "image"
    assert torch.equal(opened.load().sample(2), toy_gan.sample(2))
    assert opened_files == [str(artifact / "config.json")]


def test_a_model_is_called_as_the_user_called_it_and_knows_its_architecture(
    artifact: Path, registry: Registry
) -> None:
    model = open_model(artifact, registry).load()
    assert (model.name, model.architecture_name) == (str(artifact), "genzoo-toys/toy-gan")


def test_a_damaged_model_is_found_and_says_so_when_it_is_looked_at(
    artifact: Path, registry: Registry
) -> None:
    (artifact / "config.json").write_text("{")
    opened = open_model(artifact, registry)
    assert opened.folder == artifact
    for look in (lambda: opened.kind, opened.load):
        with pytest.raises(ArtifactError):
            look()
