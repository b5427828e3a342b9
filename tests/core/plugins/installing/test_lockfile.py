"""Plugins written down, and how what is installed differs from it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import genzoo
from genzoo.errors import InstallError, UsageError
from genzoo.plugins.installing.lockfile import PluginSet, freeze, only_here, read_plugin_set, render
from genzoo.plugins.installing.plan import Change
from genzoo.plugins.installing.request import Sources
from genzoo.plugins.installing.sync import difference, request_for, surplus

Install = Callable[..., str]

EDITABLE = {"url": "file:///home/my%20flow", "dir_info": {"editable": True}}
ORIGINS: dict[str, tuple[dict[str, Any], str]] = {
    "editable": (EDITABLE, "-e file:///home/my%20flow  # genzoo-x==1.0"),
    "folder": (
        {"url": "file:///home/flow", "dir_info": {}},
        "genzoo-x @ file:///home/flow  # genzoo-x==1.0",
    ),
    "git": (
        {
            "url": "https://git.example/flow",
            "vcs_info": {"vcs": "git", "commit_id": "a1b2", "requested_revision": "main"},
            "subdirectory": "python",
        },
        "genzoo-x @ git+https://git.example/flow@a1b2#subdirectory=python  # genzoo-x==1.0",
    ),
    "wheel": (
        {
            "url": "file:///home/x.whl",
            "archive_info": {"hash": "sha256=ab", "hashes": {"sha256": "ab"}},
        },
        "genzoo-x @ file:///home/x.whl#sha256=ab  # genzoo-x==1.0",
    ),
    "old record": (
        {"url": "https://x.example/x.whl", "archive_info": {"hash": "sha256=cd"}},
        "genzoo-x @ https://x.example/x.whl#sha256=cd  # genzoo-x==1.0",
    ),
    "index": ({}, "genzoo-x==1.0"),
}


@pytest.fixture
def installed(install: Install, site: Path) -> Callable[..., str]:
    """Install a plugin from somewhere."""

    def installed(name: str, origin: object = None, **facts: Any) -> str:
        distribution = install(name, "", **facts)
        (info,) = site.glob(f"genzoo_{name}-*.dist-info")
        if origin:
            (info / "direct_url.json").write_text(json.dumps(origin))
        return distribution

    return installed


def plugin_set(tmp_path: Path, *lines: str) -> PluginSet:
    file = tmp_path / "plugins.txt"
    file.write_text("\n".join(lines))
    return read_plugin_set(file)


@pytest.mark.parametrize(("origin", "line"), ORIGINS.values(), ids=ORIGINS)
def test_each_plugin_is_pinned_to_where_it_came_from(
    origin: dict[str, Any], line: str, installed: Callable[..., str]
) -> None:
    installed("x", origin)
    text = render(freeze())
    assert text.splitlines()[0] == f"# genzoo=={genzoo.__version__}"
    assert [item for item in text.splitlines() if item[0] != "#"] == [line]


def test_a_damaged_origin_counts_as_an_index(installed: Callable[..., str]) -> None:
    installed("x", ["no record"])
    assert [pin.text for pin in freeze().pins] == ["genzoo-x==1.0"]


@pytest.mark.parametrize(("origin", "line"), ORIGINS.values(), ids=ORIGINS)
def test_what_was_just_written_is_right(
    origin: dict[str, Any], line: str, installed: Callable[..., str], tmp_path: Path
) -> None:
    installed("x", origin)
    file = tmp_path / "plugins.txt"
    file.write_text(render(freeze()))
    wanted = read_plugin_set(file)
    assert wanted.genzoo == genzoo.__version__
    found = difference(wanted)
    assert [pin.name for pin in found.right] == ["genzoo-x"]
    assert found.missing == ()


def test_pip_reads_the_file_too(installed: Callable[..., str], tmp_path: Path) -> None:
    for number, (origin, _) in enumerate(ORIGINS.values()):
        installed(f"x{number}", origin)
    file = tmp_path / "plugins.txt"
    file.write_text(render(freeze()))
    code = """
import sys
from pip._internal.network.session import PipSession
from pip._internal.req import parse_requirements
for item in parse_requirements(sys.argv[1], PipSession()): print(item.requirement)
"""
    command = [sys.executable, "-c", code, str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == [
        line.partition("  #")[0].removeprefix("-e ")
        for line in file.read_text().splitlines()
        if line[0] != "#"
    ]


def test_comments_blanks_and_markers_are_understood(tmp_path: Path) -> None:
    wanted = plugin_set(
        tmp_path,
        "# mine",
        "",
        "Genzoo_Flow>=1  # the newest",
        "genzoo-never==1; python_version < '3'",
        f"-e {tmp_path}",
        f"--editable={tmp_path}",
    )
    assert wanted.genzoo == ""
    assert [pin.name for pin in wanted.pins] == ["genzoo-flow", "", ""]
    assert wanted.pins[0].text == "Genzoo_Flow>=1"
    assert {pin.text for pin in wanted.pins[1:]} == {tmp_path.as_uri()}


@pytest.mark.parametrize("line", ["--index-url https://x.example", "-r other.txt", "a b"])
def test_other_lines_are_refused_with_their_number(line: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        plugin_set(tmp_path, "genzoo-flow==1", line)
    assert "Line 2" in caught.value.message
    assert line in caught.value.message


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"cannot be read.*freeze"):
        read_plugin_set(tmp_path / "nothing.txt")


def test_versions_are_compared_by_their_specifier(
    installed: Callable[..., str], tmp_path: Path
) -> None:
    installed("x", version="1.5")
    installed("y", version="2.0")
    wanted = plugin_set(tmp_path, "genzoo-x>=1", "genzoo-y==2.1", "genzoo-z==1", "genzoo-x[all]")
    found = difference(wanted)
    assert [pin.text for pin in found.right] == ["genzoo-x>=1"]
    assert [pin.text for pin in found.missing] == ["genzoo-y==2.1", "genzoo-z==1", "genzoo-x[all]"]


def test_another_commit_is_a_difference(installed: Callable[..., str], tmp_path: Path) -> None:
    installed("x", ORIGINS["git"][0])
    line = "genzoo-x @ git+https://git.example/flow@c3d4#subdirectory=python"
    assert [pin.text for pin in difference(plugin_set(tmp_path, line)).missing] == [line]


@pytest.mark.parametrize(
    "line",
    [
        "-e /nowhere/flow",
        "genzoo-x @ file:///nowhere/x.whl#sha256=ab",
        "genzoo-x @ git+file:///nowhere/repository@a1b2",
    ],
)
def test_what_lies_on_another_machine_is_named(line: str, tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"comes from '/nowhere/\w+(\.whl)?', which is not"):
        difference(plugin_set(tmp_path, line))


def test_plugins_of_this_machine_are_told(installed: Callable[..., str]) -> None:
    for name, (origin, _) in zip("abcdef", ORIGINS.values(), strict=True):
        installed(name, origin)
    assert only_here(freeze()) == ["genzoo-a", "genzoo-b", "genzoo-d"]


def test_one_request_holds_what_is_missing_and_keeps_what_is_right(
    installed: Callable[..., str], tmp_path: Path
) -> None:
    installed("here", EDITABLE, version="0.3")
    installed("named")
    wanted = plugin_set(
        tmp_path,
        "-e file:///home/my%20flow",
        "genzoo-named==1.0",
        "genzoo-new==2",
        f"genzoo-repo @ git+{tmp_path.as_uri()}@a1b2",
        f"-e {tmp_path}",
    )
    request = request_for(difference(wanted), Sources(no_index=True))
    # pip before 24 refuses `NAME @ git+file:`.
    repository = f"git+{tmp_path.as_uri()}@a1b2"
    assert request.requirements == ("genzoo-named==1.0", "genzoo-new==2", repository)
    assert request.editable == (tmp_path.as_uri(),)
    assert request.keep["genzoo-here"] == "0.3"
    assert request.keep["genzoo"] == genzoo.__version__
    assert "genzoo-named" not in request.keep
    assert request.sources.no_index


def test_surplus_is_what_nothing_of_the_set_needs(installed: Callable[..., str]) -> None:
    installed("base")
    installed("old")
    installed("more", requires=("genzoo", "genzoo-base"))
    assert surplus(["genzoo-more"]) == ["genzoo-old"]
    assert surplus(["genzoo-base"]) == ["genzoo-more", "genzoo-old"]
    planned = [Change("add", "genzoo-next", "1", requires=("genzoo-old",))]
    assert surplus(["genzoo-next"], planned) == ["genzoo-base", "genzoo-more"]


@pytest.mark.parametrize(
    "line",
    [
        'foo; os_name ~= "x"',
        "foo @ http://[::1",
        "-e http://[::1",
        'foo; platform_release >= "x" and "a" in "b"',
        "foo[",
        "foo ~= 1",
        "\x1b[2J",
    ],
)
def test_a_line_that_cannot_be_meant_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match=r"Line 2 of .* is not understood"):
        plugin_set(tmp_path, "genzoo-flow==1.0", line)


@given(st.text(st.characters(codec="utf-8"), max_size=40) | st.from_regex(r"[a-z@:/.;\[\]~=-]+"))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_line_is_more_than_a_sentence(tmp_path: Path, line: str) -> None:
    with contextlib.suppress(UsageError):
        plugin_set(tmp_path, line)
