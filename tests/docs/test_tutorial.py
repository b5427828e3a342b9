"""The code in the tutorial is that of the example."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples/genzoo-flow"
TEXT = (DOCS / "writing-a-plugin.md").read_text()
BLOCKS = re.findall(r"```(?:python|toml)\n(.*?)```", TEXT, re.DOTALL)


def test_every_block_of_code_names_its_file():
    assert len(BLOCKS) > 15
    assert all(re.match(r"# [\w./]+\n", block) for block in BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.partition("\n")[0])
def test_the_code_stands_in_that_file_word_for_word(block):
    first, _, code = block.partition("\n")
    source = (EXAMPLE / first.removeprefix("# ")).read_text()
    assert f"\n{code}" in source


def test_every_module_of_the_example_is_at_least_pointed_at():
    told = {"squash.py": "`squash`"}
    for path in EXAMPLE.glob("genzoo_flow/*.py"):
        assert told.get(path.name, f"genzoo_flow/{path.name}") in TEXT, path.name
