"""What is installed, read from metadata."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from genzoo.plugins.installing.inventory import (
    dependents,
    installed_distributions,
    installed_requirements,
    kept_versions,
    needed_by,
    plugin_distributions,
    unmet,
)

Install = Callable[..., str]


def test_everything_installed_is_found_and_damage_hides_no_other(
    install: Install, site: Path
) -> None:
    install("dots", "", version="2.1", requires=("genzoo", "numpy>=2"))
    (site / "nameless-1.0.dist-info").mkdir()
    assert installed_distributions()["genzoo-dots"].version == "2.1"
    assert "torch" in installed_distributions()
    assert installed_requirements()["genzoo-dots"] == ("genzoo", "numpy>=2")


def test_plugins_are_those_that_declare_one_without_genzoo(install: Install) -> None:
    install("dots", "raise RuntimeError")
    install("plain", "", entry_points="[console_scripts]\nplain = plug_plain:main\n")
    assert "genzoo-dots" in plugin_distributions()
    assert plugin_distributions() & {"genzoo", "genzoo-plain", "torch"} == set()


def test_torch_and_genzoo_are_kept_as_they_are() -> None:
    from importlib.metadata import version

    kept = {name: version(name) for name in ("torch", "torchvision", "genzoo")}
    assert kept_versions() == kept


REQUIREMENTS = {
    "genzoo-more": ("genzoo", "Genzoo_Good>=1", "extra-thing; extra == 'x'"),
    "genzoo-good": ("base<3", "not a requirement!"),
    "other": ("base",),
}


def test_what_is_needed_is_followed_to_the_end() -> None:
    assert needed_by(["genzoo-more"], REQUIREMENTS) == {
        "genzoo-more",
        "genzoo",
        "genzoo-good",
        "base",
    }


def test_a_circle_of_requirements_ends() -> None:
    assert needed_by(["a"], {"a": ["b"], "b": ["a"]}) == {"a", "b"}


def test_dependents_need_it_directly() -> None:
    assert dependents("genzoo-good", REQUIREMENTS) == ["genzoo-more"]
    assert dependents("extra-thing", REQUIREMENTS) == []


def test_what_no_longer_fits_is_a_sentence() -> None:
    assert unmet({"base": "3.1"}, REQUIREMENTS) == [
        "genzoo-good needs base<3: it may not work with 3.1."
    ]
    assert unmet({"base": "2.9"}, REQUIREMENTS) == []
    assert unmet({"base": "3.1", "genzoo-good": "2"}, REQUIREMENTS) == []
    assert unmet({"base": ""}, REQUIREMENTS) == []
