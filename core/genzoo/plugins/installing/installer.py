"""pip or uv in a process of its own, for the interpreter that runs genzoo."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from genzoo.errors import InstallError
from genzoo.plugins.installing.failures import explain_failure
from genzoo.plugins.installing.inventory import installed_distributions, installed_versions
from genzoo.plugins.installing.origin import source_of
from genzoo.plugins.installing.plan import Change, from_pip_report, from_uv_output
from genzoo.plugins.installing.request import Request

Listener = Callable[[str], None]
"""Hears each line that the installer prints."""


class Installer(Protocol):
    """A tool that installs packages."""

    def plan(self, request: Request) -> list[Change]:
        """What `install` would do; changes nothing.

        Raises:
            InstallError: It cannot be done.
        """

    def install(self, request: Request, plan: Sequence[Change]) -> None:
        """Carry out what `plan` said about the same request.

        Raises:
            InstallError: It failed.
        """

    def uninstall(self, names: Sequence[str]) -> None:
        """Remove distributions.

        Raises:
            InstallError: It failed.
        """


def find_installer(listen: Listener) -> Installer:
    """pip if this interpreter has it, uv otherwise.

    Raises:
        InstallError: There is neither.
    """
    if importlib.util.find_spec("pip"):
        return Pip(listen)
    uv = shutil.which("uv")
    if uv:
        return Uv(uv, listen)
    raise InstallError(
        "There is neither pip in this environment nor uv on the path.",
        f"Type: {sys.executable} -m ensurepip",
    )


_FORCED = ("--force-reinstall", "--no-deps")


@dataclass(frozen=True)
class Pip:
    """The pip of this interpreter."""

    listen: Listener

    def plan(self, request: Request) -> list[Change]:
        """See `Installer`."""
        changes = self._dry_run(request)
        direct = len(request.direct) + len(request.editable)
        if direct <= sum(bool(change.source) for change in changes):
            return changes
        # pip does not replace a package by another commit or file of the same version.
        planned = {change.name for change in changes}
        alone = replace(request, requirements=request.direct, editable=())
        forced = self._dry_run(alone, *_FORCED)
        return changes + [c for c in _elsewhere(forced) if c.name not in planned]

    def install(self, request: Request, plan: Sequence[Change]) -> None:
        """See `Installer`."""
        if request.words:
            self._install(request)
        stale = tuple(change.source for change in _elsewhere(plan))
        if stale:
            self._install(replace(request, requirements=stale, editable=()), *_FORCED)

    def uninstall(self, names: Sequence[str]) -> None:
        """See `Installer`."""
        self._run("uninstall", "--yes", *names)

    def _dry_run(self, request: Request, *options: str) -> list[Change]:
        with tempfile.TemporaryDirectory(prefix="genzoo-") as folder:
            report = Path(folder) / "report.json"
            self._install(request, "--dry-run", "--report", str(report), *options)
            return from_pip_report(json.loads(report.read_text("utf-8")), installed_versions())

    def _install(self, request: Request, *options: str) -> None:
        upgrade = ["--upgrade"] if request.upgrade else []
        with _constraints(request.keep) as file:
            words = [*upgrade, *options, "--constraint", str(file), *request.sources.options()]
            words += ["--progress-bar", "off", "--no-warn-conflicts"]
            self._run("install", *words, *request.words, keep=request.keep)

    def _run(self, *words: str, keep: Mapping[str, str] | None = None) -> None:
        # -P: a folder of that name in the working directory is not pip.
        command = [sys.executable, "-P", "-m", "pip", "--no-input", "--no-color"]
        command += ["--disable-pip-version-check", *words]
        run_tool(command, self.listen, keep or {})


@dataclass(frozen=True)
class Uv:
    """uv, for environments that have no pip."""

    program: str
    listen: Listener

    def plan(self, request: Request) -> list[Change]:
        """See `Installer`."""
        output = self._install(request, "--dry-run")
        return from_uv_output(output, installed_versions(), request.names)

    def install(self, request: Request, plan: Sequence[Change]) -> None:
        """See `Installer`."""
        self._install(request)

    def uninstall(self, names: Sequence[str]) -> None:
        """See `Installer`."""
        self._run("uninstall", *names)

    def _install(self, request: Request, *options: str) -> str:
        # uv's --upgrade is for everything, pip's for what is named.
        upgrade = [f"--upgrade-package={name}" for name in request.names if request.upgrade]
        with _constraints(request.keep) as file:
            words = [*upgrade, *options, "--constraint", str(file), *request.sources.options()]
            return self._run("install", *words, *request.words, keep=request.keep)

    def _run(self, action: str, *words: str, keep: Mapping[str, str] | None = None) -> str:
        command = [self.program, "pip", action, "--python", sys.executable]
        command += ["--color", "never", "--no-progress", *words]
        return run_tool(command, self.listen, keep or {})


@contextlib.contextmanager
def _constraints(versions: Mapping[str, str]) -> Iterator[Path]:
    """A file of exact versions, as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="genzoo-") as folder:
        file = Path(folder) / "constraints.txt"
        lines = [f"{name}=={version}\n" for name, version in versions.items()]
        file.write_text("".join(lines), encoding="utf-8")
        yield file


def _elsewhere(changes: Sequence[Change]) -> list[Change]:
    """The changes whose source is not where the installed distribution came from."""
    found = installed_distributions()
    return [
        change
        for change in changes
        if change.source
        and not (change.name in found and source_of(found[change.name]) == change.source)
    ]


def run_tool(command: Sequence[str], listen: Listener, keep: Mapping[str, str]) -> str:
    """Run an installer and return what it printed, on stdout and stderr together.

    Raises:
        InstallError: It failed, with the one line that matters.
    """
    lines = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            listen(line.rstrip("\n"))
    output = "".join(lines)
    if process.returncode:
        raise explain_failure(output, keep)
    return output
