"""A data source that a stranger wrote by the page on data: train on it, resume, stream."""

from __future__ import annotations

import re
import sqlite3
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from points_kind import PointOptions, PointsKind
from run_comparison import assert_same_runs
from shard_writer import picture, write_shards

from genzoo import Content, DataSourceSpec, FileSource, Labels, SourceRequest
from genzoo.data.find_source import find_source, lasting_data
from genzoo.data.open_dataset import open_dataset
from genzoo.errors import AmbiguousNameError, DataError, PluginError
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.reporter import Reporter

PAGE = (Path(__file__).parents[3] / "docs/data.md").read_text()
MODULE = "image_tables_of_a_stranger"


class Killed(BaseException):
    """The end of a process, for what stands on the disk."""


class EndsAt(Reporter):
    def __init__(self, last):
        self.last = last

    def stepped(self, step):
        if step == self.last:
            raise Killed


@pytest.fixture(scope="module", autouse=True)
def _module():
    """The example of the page, as a module."""
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    module = ModuleType(MODULE)
    exec(compile(example, "data.md", "exec"), vars(module))
    vars(module).update(
        Entries=Entries,
        nothing=lambda request: object(),
        broken=lambda request: {}["key"],
        refusing=_refusing,
        all=lambda data, kind: True,
        strange=lambda data, kind: {}["key"],
    )
    sys.modules[MODULE] = module
    yield
    del sys.modules[MODULE]


class Entries(FileSource):
    """As many points as the address says."""

    def __init__(self, request):
        self.name = self.identity = request.data

    def __len__(self):
        return int(self.name.partition(":")[2])

    def name_at(self, position):
        return f"entry {position}"

    def encoded(self, position):
        return Content.of_array(np.array([position, 1.0]))

    def labels(self, kept):
        return Labels(None, ())


def _refusing(request: SourceRequest) -> None:
    raise DataError(f"'{request.data}' is empty.")


def spec(name="image-tables", target="ImageTable", **matching):
    return DataSourceSpec(name=name, target=f"{MODULE}:{target}", **matching)


@pytest.fixture
def registry(registry):
    registry.add_all([spec(endings=(".sqlite",))], "genzoo-tables", "1")
    return registry


@pytest.fixture
def table(tmp_path, monkeypatch):
    """40 pictures in two classes."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "images.sqlite"
    write(path, range(40))
    return path


def write(path, numbers):
    path.unlink(missing_ok=True)
    rows = [(f"{each}.png", picture(each), "odd" if each % 2 else "even") for each in numbers]
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE images (name, content, label)")
        database.executemany("INSERT INTO images VALUES (?, ?, ?)", rows)
    database.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_run_on_it_that_was_killed_goes_on_as_if_it_had_not_been(
    table, tmp_path, registry, make_plan, stream
):
    plan = make_plan(table, stream=stream, conditional=True, options={"size": 8})
    train_run(plan, tmp_path / "whole", registry)
    with pytest.raises(Killed):
        train_run(plan, tmp_path / "run", registry, EndsAt(6))
    resume_run(tmp_path / "run", registry)
    assert_same_runs(tmp_path / "whole", tmp_path / "run")


@pytest.mark.parametrize("stream", [False, True])
def test_a_run_hears_that_its_content_has_changed(table, tmp_path, registry, make_plan, stream):
    plan = make_plan(table.name, stream=stream, options={"size": 8})
    with pytest.raises(Killed):
        train_run(plan, tmp_path / "run", registry, EndsAt(6))
    write(table, range(1, 41))
    with pytest.raises(DataError, match="data has changed since"):
        resume_run(tmp_path / "run", registry)


def test_it_is_found_from_any_current_folder(table, registry):
    assert lasting_data("images.sqlite", registry) == str(table)
    assert lasting_data("s3://Bucket/x", registry) == str(table.parent / "s3:/Bucket/x")
    registry.add_all([spec("buckets", prefixes=("s3://",))], "genzoo-s3", "1")
    assert lasting_data("s3://Bucket/x", registry) == "s3://Bucket/x"


KIND = PointsKind(PointOptions())


def found(data, registry, tmp_path, heard=lambda text: None):
    return find_source(data, KIND, registry, tmp_path / "cache", note=heard)


def test_two_that_take_the_same_are_an_error_that_names_both(table, registry, tmp_path):
    registry.add_all([spec("others", endings=("s.sqlite",))], "genzoo-others", "1")
    with pytest.raises(AmbiguousNameError, match=r"genzoo-tables/.* and genzoo-others/others") as e:
        found("images.sqlite", registry, tmp_path)
    assert "genzoo --no-plugin genzoo-others" in e.value.hint


def test_the_longest_prefix_wins(table, registry, tmp_path):
    registry.add_all(
        [spec("web", "refusing", prefixes=("https://files.example/",))], "genzoo-web", "1"
    )
    with pytest.raises(DataError, match="is empty"):
        found("https://files.example/a.tar", registry, tmp_path)
    registry.add_all(
        [spec("again", "refusing", prefixes=("https://files.example/",))], "genzoo-again", "1"
    )
    with pytest.raises(AmbiguousNameError):
        found("HTTPS://files.example/a.tar", registry, tmp_path)


@pytest.mark.parametrize(
    ("target", "message"), [("broken", "failed at .*KeyError: 'key'"), ("nothing", "made object")]
)
def test_code_of_a_source_that_fails_is_said_to_be_its_own(registry, tmp_path, target, message):
    registry.add_all([spec("x", target, prefixes=("x:",))], "genzoo-x", "1")
    with pytest.raises(PluginError, match=f"The data source genzoo-x/x {message}"):
        found("x:1", registry, tmp_path)


def test_a_source_that_cannot_look_at_data_leaves_them_to_others(registry, tmp_path):
    registry.add_all([spec("x", matches=f"{MODULE}:strange")], "genzoo-x", "1")
    (tmp_path / "points.csv").write_text("1,2\n")
    heard = []
    assert len(found(tmp_path / "points.csv", registry, tmp_path, heard.append)) == 1
    assert heard == ["The data source genzoo-x/x could not look at the data: KeyError: 'key'."]


def test_what_is_there_goes_before_a_registered_data_set_and_shards_before_a_folder(
    registry, tmp_path
):
    write_shards(tmp_path / "shards")
    registry.add_all([spec("all", matches=f"{MODULE}:all")], "genzoo-all", "1")
    with pytest.raises(AmbiguousNameError, match="genzoo/tar-shards and genzoo-all/all"):
        found(tmp_path / "shards", registry, tmp_path)


@pytest.mark.parametrize(
    "matching", [{}, {"prefixes": ("",)}, {"endings": (".TAR",)}, {"matches": "no target"}]
)
def test_a_record_that_would_match_nothing_or_everything_is_refused(matching):
    with pytest.raises(ValueError, match=r"data source image-tables|of image-tables"):
        spec(**matching)


@pytest.mark.parametrize("stream", [False, True])
def test_numbers_of_a_source_are_taken_as_entries_of_an_array(registry, stream):
    registry.add_all([spec("entries", "Entries", prefixes=("entries:",))], "genzoo-entries", "1")
    dataset = open_dataset("entries:3", KIND, registry=registry, stream=stream)
    x, _ = dataset.batch(np.arange(3), dataset.spec)
    assert x.tolist() == [[0, 1], [1, 1], [2, 1]]
