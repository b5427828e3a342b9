"""What a dry run says, as changes."""

from __future__ import annotations

from typing import Any

import pytest

from genzoo.plugins.installing.plan import (
    Change,
    action_between,
    from_pip_report,
    from_uv_output,
    removal,
    settled,
)


def item(name: str, version: str, **more: Any) -> dict[str, Any]:
    """An entry of pip's report."""
    info = {"url": f"https://index.example/{name}.whl", "archive_info": {}}
    return {
        "metadata": {"name": name, "version": version},
        "download_info": info,
        "is_direct": False,
        "requested": False,
        **more,
    }


def test_pips_report_becomes_changes_with_what_was_asked_for_first() -> None:
    report = {
        "version": "1",
        "install": [
            item("einops", "0.8"),
            item("NumPy", "1.26"),
            item("Genzoo_Flow", "1.10", requested=True),
        ],
    }
    installed = {"numpy": "2.4", "genzoo-flow": "1.9"}
    assert from_pip_report(report, installed) == [
        Change("upgrade", "genzoo-flow", "1.10", "1.9"),
        Change("add", "einops", "0.8", requested=False),
        Change("downgrade", "numpy", "1.26", "2.4", requested=False),
    ]


def test_pips_report_tells_requirements_and_the_exact_source() -> None:
    info = {"url": "https://git.example/flow", "vcs_info": {"vcs": "git", "commit_id": "a1b2"}}
    metadata = {"name": "genzoo-flow", "version": "1.0", "requires_dist": ["genzoo>=0.1"]}
    entry = item("genzoo-flow", "1.0", is_direct=True, requested=True)
    report = {"install": [{**entry, "download_info": info, "metadata": metadata}]}
    (change,) = from_pip_report(report, {})
    assert change.source == "git+https://git.example/flow@a1b2"
    assert change.requires == ("genzoo>=0.1",)


UV = """\
Using Python 3.11.7 environment at: env
Resolved 7 packages in 27ms
Would download 3 packages
Would uninstall 3 packages
Would install 4 packages
 - einops==0.7
 - genzoo-good==1.0
 + genzoo-good==2.0
 - genzoo-proj==0.3 (from file:///home/proj)
 + genzoo-proj @ git+https://git.example/proj@a1b2
 ~ genzoo-local==0.4 (from file:///home/local)
 + torch-fidelity==0.3.0+cpu
"""


def test_uvs_lines_become_changes() -> None:
    installed = {"genzoo-good": "1.0", "genzoo-proj": "0.3", "genzoo-local": "0.4", "einops": "0.7"}
    assert from_uv_output(UV, installed, ["genzoo-good"]) == [
        removal("einops", "0.7"),
        Change("upgrade", "genzoo-good", "2.0", "1.0"),
        Change("reinstall", "genzoo-local", "0.4", "0.4", "file:///home/local"),
        Change("reinstall", "genzoo-proj", "", "0.3", "git+https://git.example/proj@a1b2"),
        Change("add", "torch-fidelity", "0.3.0+cpu", requested=False),
    ]


def test_uv_without_changes_is_an_empty_plan() -> None:
    assert from_uv_output("Checked 1 package in 2ms\nWould make no changes\n", {}, []) == []


@pytest.mark.parametrize(
    ("previous", "version", "action"),
    [
        ("", "1.0", "add"),
        ("1.9", "1.10", "upgrade"),
        ("1.0", "1.0.post1", "upgrade"),
        ("2.0+cpu", "2.0", "downgrade"),
        ("1.0", "1.0rc1", "downgrade"),
        ("1.0", "1.0.0", "reinstall"),
        ("1.0", "", "reinstall"),
    ],
)
def test_actions_follow_the_order_of_versions(previous: str, version: str, action: str) -> None:
    assert action_between(previous, version) == action


def test_versions_read_as_one_or_as_a_step() -> None:
    assert Change("upgrade", "a", "2.0", "1.0").versions == "1.0 -> 2.0"
    assert Change("reinstall", "a", "1.0", "1.0").versions == "1.0"


def test_versions_that_the_dry_run_did_not_know_are_filled_in() -> None:
    changes = [Change("add", "a", ""), Change("add", "b", "1.0")]
    assert [c.version for c in settled(changes, {"a": "0.3", "b": "9"})] == ["0.3", "1.0"]
