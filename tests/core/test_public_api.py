"""What `import genzoo` offers."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import genzoo
from genzoo import records


@pytest.mark.parametrize("name", genzoo.__all__)
def test_every_public_name_exists_and_is_documented(name: str) -> None:
    value = getattr(genzoo, name)
    if callable(value):
        assert value.__doc__


def test_the_type_checker_sees_the_same_names() -> None:
    tree = ast.parse(Path(genzoo.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    declared = {alias.asname: node.module for node in imports for alias in node.names}
    assert declared.pop(None) == "genzoo.records"
    assert declared == genzoo._MODULE_OF
    assert {*declared, *records.__all__, "__version__"} == set(genzoo.__all__)


def test_names_are_those_of_their_modules() -> None:
    for name, module in genzoo._MODULE_OF.items():
        assert getattr(genzoo, name) is getattr(import_module(module), name)


def test_dir_lists_the_public_names() -> None:
    assert set(dir(genzoo)) == set(genzoo.__all__)


def test_an_absent_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Genrator'"):
        _ = genzoo.Genrator  # type: ignore[attr-defined]


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert genzoo.__version__ == version("genzoo")
