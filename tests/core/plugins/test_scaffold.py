"""Names, refusals and content of a generated plugin."""

from __future__ import annotations

import errno
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from genzoo.errors import StorageError, UsageError
from genzoo.plugins import scaffold
from genzoo.plugins.scaffold import (
    CONTENTS,
    LONGEST,
    SUFFIX,
    TEMPLATE,
    PluginName,
    check_free,
    parse_name,
    requirement,
    write_plugin,
)
from genzoo.registry import Registry

ROOT = Path(__file__).parents[3]
FLOW = PluginName("flow", "flow")


@pytest.mark.parametrize("name", ["flow", "genzoo-flow", "Genzoo_Flow", "genzoo.FLOW"])
def test_every_spelling_of_a_name_means_the_same(name: str) -> None:
    parsed = parse_name(name)
    assert parsed == FLOW
    assert (parsed.distribution, parsed.package) == ("genzoo-flow", "genzoo_flow")
    assert parsed.class_prefix == "Flow"


def test_the_architecture_may_have_a_name_of_its_own() -> None:
    parsed = parse_name("nice-flows", "masked-flow-2d")
    assert (parsed.package, parsed.architecture) == ("genzoo_nice_flows", "masked-flow-2d")
    assert parsed.class_prefix == "MaskedFlow2d"


@pytest.mark.parametrize(
    "name", ["", "genzoo", "genzoo-", "2d", "a b", "größe", "-a", "a-", "../up", "a" * 31, "a:b"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not a plugin name"):
        parse_name(name)


@pytest.mark.parametrize("name", ["Flow", "masked_flow", "2d", "", "a--b"])
def test_what_is_no_architecture_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not an architecture name"):
        parse_name("flow", name)


def test_keywords_are_refused() -> None:
    with pytest.raises(UsageError, match="'import' is a keyword of Python"):
        parse_name("genzoo-import")
    with pytest.raises(UsageError, match=r"'lambda' is a keyword.*architecture"):
        parse_name("flow", "lambda")


@pytest.mark.parametrize("name", ["gan", "genzoo-vae", "genzoo_zoo"])
def test_the_names_of_bundled_packages_are_taken(name: str) -> None:
    with pytest.raises(UsageError, match="is taken: the package genzoo_"):
        check_free(parse_name(name), Registry())


def test_the_name_of_an_installed_distribution_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "genzoo_flow-1.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: genzoo_flow\nVersion: 1.2\n")
    check_free(FLOW, Registry())
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match=r"is taken: genzoo-flow 1\.2 is installed"):
        check_free(FLOW, Registry())


def test_the_name_of_an_architecture_is_taken(registry: Registry) -> None:
    check_free(FLOW, registry)
    with pytest.raises(UsageError, match="an architecture 'toy-gan' already, in genzoo-toys"):
        check_free(PluginName("flow", "toy-gan"), registry)


@pytest.mark.parametrize(
    ("version", "accepted", "refused"),
    [("0.1.0", "0.1.9", "0.2.0"), ("0.9.0.dev3", "0.9.1", "0.10.0"), ("1.4.2", "1.9", "2.0")],
)
def test_a_plugin_asks_for_the_genzoo_it_was_written_for(
    version: str, accepted: str, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaffold, "__version__", version)
    specifier = Requirement(requirement()).specifier
    assert specifier.contains(version, prereleases=True)
    assert specifier.contains(accepted)
    assert not specifier.contains(refused)


def project(folder: Path) -> dict[str, object]:
    """The project table of a generated package."""
    table: dict[str, object] = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return table


def test_the_package_is_complete_and_every_placeholder_filled(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "flow"
    write_plugin(PluginName("nice-flows", "masked-flow"), folder)
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        ".github/workflows/check.yml",
        ".gitignore",
        "LICENSE",
        "README.md",
        "genzoo_nice_flows/__init__.py",
        "genzoo_nice_flows/architecture.py",
        "genzoo_nice_flows/configs.py",
        "genzoo_nice_flows/objective.py",
        "genzoo_nice_flows/py.typed",
        "pyproject.toml",
        "tests/conftest.py",
        "tests/test_architecture.py",
    }
    text = "".join((folder / file).read_text() for file in files)
    assert text.count("$") == text.count("${{") == 1
    table = project(folder)
    assert table["name"] == "genzoo-nice-flows"
    assert table["requires-python"] == ">=3.11"
    assert table["entry-points"] == {"genzoo.plugins": {"nice-flows": "genzoo_nice_flows"}}
    assert table["authors"] == []
    assert requirement() in table["dependencies"]  # type: ignore[operator]


def test_the_licence_is_genzoos_own(tmp_path: Path) -> None:
    assert (TEMPLATE / "common" / f"LICENSE{SUFFIX}").read_text() == (ROOT / "LICENSE").read_text()


@pytest.mark.parametrize(
    ("author", "fields"),
    [
        ("Ada", {"name": "Ada"}),
        ("Ada, Countess <ada@example.org>", {"name": "Ada, Countess", "email": "ada@example.org"}),
        (' Ann "the \\" Żak ', {"name": 'Ann "the \\" Żak'}),
    ],
)
def test_the_author_is_named(author: str, fields: dict[str, str], tmp_path: Path) -> None:
    write_plugin(FLOW, tmp_path / "flow", author)
    assert project(tmp_path / "flow")["authors"] == [fields]


@pytest.mark.parametrize(
    "author", ["<ada@example.org>", "Ada <ada>", "Ada\nname = 1", " ", "A <a@b"]
)
def test_who_is_no_author_is_refused(author: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not an author"):
        write_plugin(FLOW, tmp_path / "flow", author)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for taken in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(UsageError, match="is not empty"):
            write_plugin(FLOW, taken)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_filled_but_not_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "flow"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError, match="current folder"):
        write_plugin(FLOW, Path())
    monkeypatch.chdir(tmp_path)
    write_plugin(FLOW, Path("flow"))
    assert (folder / "pyproject.toml").exists()


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text, written = Path.write_text, []

    def fail_at_the_third(path: Path, *args: str, **options: str) -> int:
        written.append(path)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_text(path, *args, **options)

    monkeypatch.setattr(Path, "write_text", fail_at_the_third)
    with pytest.raises(StorageError, match="the disk is full"):
        write_plugin(FLOW, tmp_path / "flow")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [kind for kind in CONTENTS if kind != "image"])
def test_other_content_comes_with_a_kind_of_its_own(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "flow"
    write_plugin(FLOW, folder, content=CONTENTS[kind])
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"genzoo_flow/kind.py", "genzoo_flow/objective.py", "tests/test_kind.py"} <= files
    text = "".join((folder / file).read_text() for file in files)
    assert text.count("$") == text.count("${{") == 1
    assert "images" not in text
    assert "| `genzoo_flow/kind.py` |" in (folder / "README.md").read_text()
    assert 'name="flow-samples"' in (folder / "genzoo_flow" / "__init__.py").read_text()


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("length", [1, LONGEST])
def test_what_is_generated_satisfies_the_linter(length: int, kind: str, tmp_path: Path) -> None:
    name = parse_name("z" * length)
    write_plugin(name, tmp_path / "plugin", content=CONTENTS[kind])
    for arguments in (["check"], ["format", "--check", "--diff"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."]
        result = subprocess.run(command, cwd=tmp_path / "plugin", capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
