"""Commands that the user is told to type hold nothing but names and versions."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genzoo.install_hints import install_command, uninstall_command

SAFE = re.compile(r"[A-Za-z0-9._+!=<>~,*-]*")
HOSTILE = st.text(st.sampled_from("gz-1.0=<>~!,*'`$(){}; \n\t\\\"|&#\u202eéx"), max_size=20)


@pytest.mark.parametrize(
    ("versions", "wanted"),
    [
        ("", "genzoo-flow"),
        (">=1.2", "'genzoo-flow>=1.2'"),
        (">=2.0,<3", "'genzoo-flow>=2.0,<3'"),
        ("==1.*", "'genzoo-flow==1.*'"),
        ("==1.0.post1", "'genzoo-flow==1.0.post1'"),
        ("==0.1'; touch x #", "genzoo-flow"),
        ("===1'`touch x`'", "genzoo-flow"),
        (">=1,===`x`", "'genzoo-flow>=1'"),
        ("==unknown", "genzoo-flow"),
    ],
)
def test_versions_are_asked_for_where_they_are_versions(versions: str, wanted: str) -> None:
    assert install_command("genzoo-flow", versions) == f"genzoo plugins install {wanted}"


@pytest.mark.parametrize("name", ["", "a b", "$(x)", "-e", "a;b", "x\ny", "é", "a" * 101])
def test_what_is_not_a_name_is_not_repeated(name: str) -> None:
    assert install_command(name) == "genzoo plugins install NAME"
    assert uninstall_command(name) == "genzoo plugins uninstall NAME"


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(HOSTILE, HOSTILE)
def test_a_command_is_four_plain_words_whatever_is_said(name: str, versions: str) -> None:
    command = install_command(name, versions)
    words = shlex.split(command)
    assert words[:3] in (["genzoo", "plugins", "install"], ["pip", "install", "--upgrade"])
    assert len(words) == 4
    assert all(SAFE.fullmatch(word) for word in words)
