"""The page on StyleGAN runs, and names every option."""

import re
from pathlib import Path

import pytest

from genzoo.registry import load_target

PAGE = (Path(__file__).parents[2] / "docs/stylegan.md").read_text()
CONFIGS = "genzoo_gan.stylegan.configs"


def test_its_python_runs() -> None:
    found = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    for code in found:
        values: dict[str, object] = {}
        exec(compile(code, "stylegan.md", "exec"), values)
        assert values["image"].shape == (1, 3, 16, 16)


@pytest.mark.parametrize("name", ["StyleGAN2Config", "StyleGAN3Config", "StyleObjectiveConfig"])
def test_every_option_is_named(name: str) -> None:
    config = load_target(f"{CONFIGS}:{name}")
    elsewhere = {"style_decay", *load_target("genzoo_gan.configs:AdversarialConfig").model_fields}
    for field in config.model_fields:
        if field not in elsewhere:
            assert f"`--{field.replace('_', '-')}`" in PAGE, field
