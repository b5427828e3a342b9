"""Plugins written down, and whether what is installed is as they say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genzoo.errors import InstallError, UsageError
from genzoo.plugins.frozen_plugins import Pin, freeze, installed_as, read_pins, render
from genzoo.plugins.installed_packages import needed_by
from genzoo.version import __version__

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


def pins(tmp_path: Path, *lines: str) -> list[Pin]:
    file = tmp_path / "plugins.txt"
    file.write_text("\n".join(lines))
    return read_pins(file)


@pytest.mark.parametrize(("origin", "line"), ORIGINS.values(), ids=ORIGINS)
def test_each_plugin_is_pinned_to_where_it_came_from(
    origin: dict[str, Any], line: str, installed: Callable[..., str]
) -> None:
    installed("x", origin)
    text = render(freeze())
    assert text.splitlines()[0] == f"# genzoo=={__version__}"
    assert [item for item in text.splitlines() if item[0] != "#"] == [line]


def test_a_damaged_origin_counts_as_an_index(installed: Callable[..., str]) -> None:
    installed("x", ["no record"])
    assert [pin.text for pin in freeze()] == ["genzoo-x==1.0"]


@pytest.mark.parametrize(("origin", "line"), ORIGINS.values(), ids=ORIGINS)
def test_what_was_just_written_is_right(
    origin: dict[str, Any], line: str, installed: Callable[..., str], tmp_path: Path
) -> None:
    installed("x", origin)
    file = tmp_path / "plugins.txt"
    file.write_text(render(freeze()))
    (pin,) = read_pins(file)
    assert installed_as(pin, freeze()) == freeze()[0]


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
    wanted = pins(
        tmp_path,
        "# mine",
        "",
        "Genzoo_Flow>=1  # the newest",
        "genzoo-never==1; python_version < '3'",
        f"-e {tmp_path}",
        f"--editable={tmp_path}",
    )
    assert [pin.name for pin in wanted] == ["genzoo-flow", "", ""]
    assert wanted[0].text == "Genzoo_Flow>=1"
    assert {pin.text for pin in wanted[1:]} == {tmp_path.as_uri()}


@pytest.mark.parametrize(
    "line",
    [
        *("--index-url https://x.example", "-r other.txt", "a b"),
        *('foo; os_name ~= "x"', "foo; nobody == 'x'"),
        *("foo @ http://[::1", "-e http://[::1"),
    ],
)
def test_other_lines_are_refused_with_their_number(line: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        pins(tmp_path, "genzoo-flow==1", line)
    assert "Line 2" in caught.value.message
    assert line in caught.value.message


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"cannot be read.*freeze"):
        read_pins(tmp_path / "nothing.txt")


def test_versions_are_compared_by_their_specifier(
    installed: Callable[..., str], tmp_path: Path
) -> None:
    installed("x", version="1.5")
    installed("y", version="2.0rc1")
    lines = ["genzoo-x>=1", "genzoo-y>=2.0a1", "genzoo-x==1.6", "genzoo-z==1", "genzoo-x[all]"]
    found = [installed_as(pin, freeze()) for pin in pins(tmp_path, *lines)]
    assert [one.name if one else "" for one in found] == ["genzoo-x", "genzoo-y", "", "", ""]


def test_another_commit_is_not_what_was_asked_for(
    installed: Callable[..., str], tmp_path: Path
) -> None:
    installed("x", ORIGINS["git"][0])
    for commit, right in (("a1b2", True), ("c3d4", False)):
        line = f"genzoo-x @ git+https://git.example/flow@{commit}#subdirectory=python"
        (pin,) = pins(tmp_path, line)
        assert bool(installed_as(pin, freeze())) is right


def test_an_editable_folder_is_told_apart_from_the_same_folder_copied(
    installed: Callable[..., str], tmp_path: Path
) -> None:
    installed("x", ORIGINS["folder"][0])
    assert not installed_as(pins(tmp_path, "-e file:///home/flow")[0], freeze())
    assert installed_as(pins(tmp_path, "genzoo-x @ file:///home/flow")[0], freeze())


def test_a_pin_is_the_word_that_installs_it(tmp_path: Path) -> None:
    lines = ["genzoo-x==1", "genzoo-x @ https://x.example/x.whl", "-e file:///home/x"]
    words = [pin.word for pin in pins(tmp_path, *lines, "genzoo-x @ git+file:///home/x@a1")]
    assert words == [*lines[:2], "--editable=file:///home/x", "git+file:///home/x@a1"]


def test_what_a_set_needs_is_followed_through_requirements(installed: Callable[..., str]) -> None:
    installed("base", requires=())
    installed("more", requires=("genzoo-base>=0", "genzoo-never; python_version < '3'", "???"))
    installed("most", requires=("genzoo-more",))
    assert needed_by(["genzoo-most"]) == {"genzoo-most", "genzoo-more", "genzoo-base"}
    assert needed_by(["genzoo-base"]) == {"genzoo-base"}
