"""The environments that other tests install into."""

from __future__ import annotations

import json
from pathlib import Path

from environments import Environment, write_wheel


def test_what_is_installed_stays_inside_and_is_a_plugin_like_any_other(tmp_path: Path) -> None:
    environment = Environment.create(tmp_path / "environment")
    code = """
        from genzoo import DatasetSpec, hookimpl

        @hookimpl
        def genzoo_datasets():
            return [DatasetSpec(name="dots", target="m:f", version="1")]
    """
    environment.install(write_wheel(tmp_path, "genzoo-dots", {"genzoo_dots.py": code}))
    rows = json.loads(environment.genzoo("plugins", "list", "--json").stdout)
    states = {row["distribution"]: row["state"] for row in rows}
    assert states == {"genzoo": "loaded", "genzoo-dots": "loaded"}
    other = Environment.create(tmp_path / "other").run("-c", "import genzoo_dots")
    assert "No module named" in other.stderr
