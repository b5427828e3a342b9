"""Who owns the environment that genzoo runs in, and may packages be installed into it?"""

from __future__ import annotations

import os
import shlex
import site
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genzoo.errors import InstallError

_OWN_ENVIRONMENT = (
    "Make an environment of your own: python3 -m venv genzoo-env && "
    "genzoo-env/bin/pip install genzoo"
)


@dataclass(frozen=True)
class Home:
    """The environment of an interpreter.

    Attributes:
        prefix: Its root.
        base_prefix: Root of the Python it was made from; the same outside a virtual environment.
        stdlib: Where the standard library lies.
        site_packages: Where packages are installed.
        user_site: Where packages of this user alone lie, if they are enabled.
    """

    prefix: Path
    base_prefix: Path
    stdlib: Path
    site_packages: Path
    user_site: Path | None = None

    @classmethod
    def current(cls) -> Home:
        """The running interpreter's."""
        return cls(
            Path(sys.prefix),
            Path(sys.base_prefix),
            Path(sysconfig.get_path("stdlib")),
            Path(sysconfig.get_path("purelib")),
            Path(site.getusersitepackages()) if site.ENABLE_USER_SITE else None,
        )

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual environment."""
        return self.prefix != self.base_prefix

    @property
    def is_conda(self) -> bool:
        """Whether conda made it."""
        return (self.prefix / "conda-meta").is_dir()


@dataclass(frozen=True)
class Wish:
    """What the user wants done, for the commands of other tools to say it in.

    Attributes:
        requirements: Packages to install.
        editable: Project folders to install in place.
        removals: Packages to remove.
        plugins: Plugins that are installed and stay.
    """

    requirements: Sequence[str] = ()
    editable: Sequence[str] = ()
    removals: Sequence[str] = ()
    plugins: Sequence[str] = ()


def check_changeable(home: Home, wish: Wish) -> None:
    """Make sure that pip may change the environment.

    Raises:
        InstallError: Another tool owns it, or it cannot be written; the hint says what to do.
    """
    if (home.prefix / "pipx_metadata.json").is_file():
        raise InstallError("pipx owns this environment.", _pipx(home, wish))
    if (home.prefix / "uv-receipt.toml").is_file():
        raise InstallError("'uv tool' owns this environment.", _uv_tool(home, wish))
    if not home.is_virtual and (home.stdlib / "EXTERNALLY-MANAGED").is_file():
        raise InstallError(
            f"The Python in '{home.prefix}' belongs to the system, whose package manager owns it.",
            _OWN_ENVIRONMENT,
        )
    if not _writable(home.site_packages) and not _lives_in_user_site(home):
        raise InstallError(
            f"Packages cannot be installed here: '{home.site_packages}' cannot be written.",
            "Ask its owner, or use another environment." if home.is_virtual else _OWN_ENVIRONMENT,
        )


def _pipx(home: Home, wish: Wish) -> str:
    application = home.prefix.name
    steps = []
    if wish.requirements:
        steps.append(f"pipx inject {application} {shlex.join(wish.requirements)}")
    if wish.editable:
        steps.append(f"pipx inject --editable {application} {shlex.join(wish.editable)}")
    if wish.removals:
        steps.append(f"pipx uninject {application} {shlex.join(wish.removals)}")
    return f"Type: {' && '.join(steps)}"


def _uv_tool(home: Home, wish: Wish) -> str:
    # uv builds the environment anew from what the line lists: what stays has to be in it.
    stay = [name for name in wish.plugins if name not in wish.removals]
    words = ["uv", "tool", "install", home.prefix.name]
    for requirement in dict.fromkeys([*stay, *wish.requirements]):
        words += ["--with", requirement]
    for folder in wish.editable:
        words += ["--with-editable", folder]
    return f"Type: {shlex.join(words)}"


def _writable(folder: Path) -> bool:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return os.access(existing, os.W_OK)


def _lives_in_user_site(home: Home) -> bool:
    """Whether genzoo itself was installed for this user, so that pip puts plugins there too."""
    return home.user_site is not None and Path(__file__).is_relative_to(home.user_site)
