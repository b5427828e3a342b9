"""Plugins say which model a checkpoint of another program is of."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from toys import toy_registry

from genzoo import ArtifactError, CheckpointFormatSpec, ForeignCheckpoint, recognise_checkpoint
from genzoo.errors import PluginError, UsageError
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry
from genzoo_testing import record_checks as records
from genzoo_testing.check_targets import RecordSubject

PATH = Path("a.pkl")
Known = Callable[[Callable[[Any], Any]], Registry]


def checkpoint(**changes: Any) -> ForeignCheckpoint:
    values: dict[str, Any] = {
        "architecture": "toy-gan",
        "config": {"width": 4},
        "sample": {"shape": (1, 8, 8), "classes": ("0", "1")},
        "weights": {},
    }
    return ForeignCheckpoint(**{**values, **changes})


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    """The toys, and a checkpoint format that a function reads."""

    def with_reader(reader: Callable[[Any], Any]) -> Registry:
        module = ModuleType("toy_checkpoints")
        module.read = reader  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "toy_checkpoints", module)
        registry = toy_registry()
        (toys,) = {entry.distribution for entry in registry[ArchitectureSpec].values()}
        record = CheckpointFormatSpec(name="toy-pickle", target="toy_checkpoints:read")
        registry.add_all([record], toys, "1")
        return registry

    return with_reader


def test_the_plugin_is_given_the_content_and_its_model_is_found(known: Known) -> None:
    given: list[Any] = []
    expected = checkpoint()

    def read(content: Any) -> ForeignCheckpoint:
        given.append(content)
        return expected

    answer = recognise_checkpoint({"a": 1}, PATH, registry=known(read))
    assert answer is not None
    blueprint, found = answer
    assert given == [{"a": 1}]
    assert found is expected
    assert blueprint.entry.record.name == "toy-gan"
    assert blueprint.config == {"width": 4}
    assert blueprint.options["size"] == 8
    assert blueprint.classes == ("0", "1")


def test_a_checkpoint_that_no_plugin_knows_is_none(known: Known) -> None:
    assert recognise_checkpoint({}, PATH, registry=known(lambda _: None)) is None


def test_names_take_the_place_of_the_classes_and_are_as_many(known: Known) -> None:
    registry = known(lambda _: checkpoint())
    answer = recognise_checkpoint({}, PATH, classes=("cat", "dog"), registry=registry)
    assert answer is not None
    assert answer[0].classes == ("cat", "dog")
    with pytest.raises(UsageError, match="2 classes, not of 1"):
        recognise_checkpoint({}, PATH, classes=("cat",), registry=registry)


@pytest.mark.parametrize(
    "changes", [{"architecture": "no-such"}, {"sample": {"shape": "wide"}}, {"sample": {}}]
)
def test_a_model_that_cannot_be_is_an_error_of_the_file(
    known: Known, changes: dict[str, Any]
) -> None:
    with pytest.raises(ArtifactError, match=r"'a\.pkl' cannot be used"):
        recognise_checkpoint({}, PATH, registry=known(lambda _: checkpoint(**changes)))


def test_what_the_plugin_says_of_a_file_is_an_error_of_the_file(known: Known) -> None:
    def read(content: Any) -> None:
        raise ArtifactError("the record x is not understood.", "Do this.")

    with pytest.raises(ArtifactError, match=r"'a\.pkl' cannot be used: the record x") as caught:
        recognise_checkpoint({}, PATH, registry=known(read))
    assert caught.value.hint == "Do this."


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        (lambda content: content["nothing"], "toy-pickle failed: KeyError"),
        (lambda content: 3, "returned no ForeignCheckpoint"),
    ],
)
def test_a_plugin_that_fails_is_named(
    known: Known, reader: Callable[[Any], Any], told: str
) -> None:
    with pytest.raises(PluginError, match=told):
        recognise_checkpoint({}, PATH, registry=known(reader))


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        (lambda content: None, ""),
        (lambda content: checkpoint() if content == {} else None, "takes {} for its own"),
        (3, "not a function that reads a checkpoint"),
    ],
)
def test_the_contract_checks_that_other_checkpoints_are_left_alone(
    known: Known, reader: Callable[[Any], Any], told: str
) -> None:
    registry = known(reader)
    (entry,) = registry[CheckpointFormatSpec].values()
    result = records.record.run(RecordSubject(registry, entry))
    assert result.ok == (not told)
    assert told in result.detail
