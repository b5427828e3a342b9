"""Names to records."""

from __future__ import annotations

from pathlib import Path

import pytest

from genzoo import ArchitectureSpec, DatasetSpec, ModelSpec, ObjectiveSpec
from genzoo.errors import AmbiguousNameError, PluginError, UnknownNameError
from genzoo.records import Record
from genzoo.registry import Registry, load_target


def dataset(name: str, **fields: str) -> DatasetSpec:
    return DatasetSpec(name=name, target="m:f", version="1", **fields)


@pytest.fixture
def two() -> Registry:
    registry = Registry()
    registry.add_all([dataset("dots"), dataset("lines")], "one", "1")
    registry.add_all([dataset("dots")], "two", "2")
    return registry


def test_short_names_work_while_they_are_unique(two: Registry) -> None:
    entry = two[DatasetSpec].find("lines")
    assert (entry.full_name, entry.version) == ("one/lines", "1")
    assert two[DatasetSpec].find("one/lines") is entry


def test_an_ambiguous_name_is_refused_with_both_readings(two: Registry) -> None:
    with pytest.raises(AmbiguousNameError) as caught:
        two[DatasetSpec].find("dots")
    assert "one/dots or two/dots" in caught.value.hint
    assert caught.value.exit_code == 2
    assert two[DatasetSpec].find("two/dots").version == "2"


def test_names_are_sorted_and_as_short_as_possible(two: Registry) -> None:
    assert two[DatasetSpec].names() == ["lines", "one/dots", "two/dots"]


def test_an_unknown_name_brings_suggestions(two: Registry) -> None:
    with pytest.raises(UnknownNameError) as caught:
        two[DatasetSpec].find("linse")
    assert caught.value.message == "There is no data set named 'linse'."
    assert caught.value.hint == "Did you mean lines?"


def test_without_anything_near_the_known_names_are_listed(two: Registry) -> None:
    with pytest.raises(UnknownNameError, match="Known: lines, one/dots, two/dots"):
        two[DatasetSpec].find("zzz")
    with pytest.raises(UnknownNameError, match="None is registered"):
        two[ModelSpec].find("zzz")


def test_records_go_where_they_belong() -> None:
    registry = Registry()
    model = ModelSpec(name="m", architecture="a", location="here")
    registry.add_all([model, dataset("d")], "one", "1")
    assert registry[ModelSpec].find("m").record is model
    assert registry[DatasetSpec].names() == ["d"]
    assert registry[ArchitectureSpec].names() == []


def test_one_name_may_stand_for_things_of_different_kinds() -> None:
    registry = Registry()
    model = ModelSpec(name="same", architecture="a", location="here")
    registry.add_all([model, dataset("same")], "one", "1")
    assert registry[ModelSpec].names() == registry[DatasetSpec].names() == ["same"]


@pytest.mark.parametrize(
    "second",
    [
        [dataset("new"), dataset("dots")],
        [dataset("new"), dataset("new")],
        [dataset("new"), Record(name="bare")],
        [dataset("new"), "text"],
    ],
    ids=["taken", "twice", "of no kind", "no record"],
)
def test_a_refused_addition_leaves_no_trace(second: list[Record]) -> None:
    registry = Registry()
    registry.add_all([dataset("dots")], "one", "1")
    with pytest.raises(PluginError):
        registry.add_all(second, "one", "1")
    assert list(registry[DatasetSpec]) == ["one/dots"]


def test_targets_are_loaded() -> None:
    assert load_target("os.path:join") is __import__("os").path.join
    assert load_target("genzoo.registry:Registry.add_all") is Registry.add_all


@pytest.mark.parametrize("target", ["no_such_module:f", "os.path:no_such_function"])
def test_a_target_that_is_not_there_is_a_plugin_error(target: str) -> None:
    with pytest.raises(PluginError, match=target):
        load_target(target)


@pytest.mark.parametrize("name", ["", "Dots", "two words", "a/b", "-x", "x" * 65, "é", "dots\n"])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="data set name"):
        dataset(name)


@pytest.mark.parametrize("target", ["module", "module:", ":f", "mod ule:f", "module:f()", "m:f\n"])
def test_bad_targets_are_refused(target: str) -> None:
    with pytest.raises(ValueError, match="is not 'module:attribute'"):
        ArchitectureSpec(
            name="a",
            family="f",
            target=target,
            config="m:c",
            parts=(),
            inference=(),
            objective="o",
        )


def test_a_target_s_module_may_neither_exit_nor_print_to_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "exits_at_import.py").write_text("print('loud'); raise SystemExit(0)")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PluginError, match="SystemExit"):
        load_target("exits_at_import:f")
    assert capsys.readouterr().out == ""


def test_a_distribution_s_own_entry_comes_first_where_it_is_asked_for(two: Registry) -> None:
    assert two[DatasetSpec].find("dots", near="two").full_name == "two/dots"
    assert two[DatasetSpec].find("lines", near="two").full_name == "one/lines"
    assert two[DatasetSpec].find("one/dots", near="two").full_name == "one/dots"
    with pytest.raises(AmbiguousNameError):
        two[DatasetSpec].find("dots", near="three")


def architecture(objective: str) -> ArchitectureSpec:
    return ArchitectureSpec(
        name="a",
        family="f",
        target="m:A",
        config="m:C",
        parts=("g",),
        inference=("g",),
        objective=objective,
    )


def test_another_distribution_does_not_take_an_architecture_s_objective_away() -> None:
    registry = Registry()
    loss = ObjectiveSpec(name="loss", family="f", target="m:O", config="m:C", requires=("g",))
    registry.add_all([architecture("loss"), loss], "one", "1")
    registry.add_all([architecture("one/loss"), loss], "two", "1")
    first, second = (registry[ArchitectureSpec].find(name) for name in ("one/a", "two/a"))
    one, two = (registry[ObjectiveSpec].find(name) for name in ("one/loss", "two/loss"))
    assert registry.objective_of(first) is registry.objective_of(second) is one
    assert registry.is_own_objective(first, one)
    assert registry.is_own_objective(second, one)
    assert not registry.is_own_objective(first, two)
    assert not registry.is_own_objective(second, two)


def test_every_catalogue_is_among_the_catalogues() -> None:
    whats = [catalogue.what for catalogue in Registry().catalogues()]
    assert {kind.what for kind in Record.__subclasses__()} == set(whats)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("summary", 5, "not a str"),
        ("summary", None, "not a str"),
        ("count", "many", "not an int"),
        ("version", 1, "not a str"),
    ],
)
def test_fields_of_another_type_are_refused(field: str, value: object, words: str) -> None:
    with pytest.raises(TypeError, match=f"data set 'd' has the {field} .* which is {words}"):
        DatasetSpec(**{"name": "d", "target": "m:f", "version": "1", field: value})


@pytest.mark.parametrize("parts", ["generator", ("generator", 1), None])
def test_parts_are_several_names(parts: object) -> None:
    with pytest.raises(TypeError, match="which is not a tuple of str"):
        ObjectiveSpec(name="o", family="f", target="m:f", config="m:c", requires=parts)
    assert ObjectiveSpec(name="o", family="f", target="m:f", config="m:c", requires=["g"])
