"""The page on export runs as it stands, one piece of Python after the other."""

import re
from pathlib import Path

import numpy as np
from PIL import Image

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def test_its_python_writes_a_file_and_draws_portraits_from_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(compile(code, "export.md", "exec"), {})
    with Image.open("portraits.png") as grid:
        pixels = np.asarray(grid)
    assert pixels.shape == (256, 256, 3)
    assert pixels.std() > 20
