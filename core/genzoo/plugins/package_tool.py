"""pip, or uv where there is no pip, run for the Python that runs genzoo."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genzoo.errors import InstallError
from genzoo.plugins.discovery import normalise
from genzoo.plugins.installed_packages import installed_versions, pinned_url

_ALONE = ("--force-reinstall", "--no-deps")


@dataclass(frozen=True)
class Change:
    """A distribution that is added, changed or removed.

    Attributes:
        name: Its normalised name.
        version: The version afterwards; empty where it is removed.
        previous: The version that is installed now; empty for a new one.
        source: The URL it comes from, with commit or hash; empty for what an index has.
        requested: Whether the user asked for it; False for what others need.
    """

    name: str
    version: str
    previous: str = ""
    source: str = ""
    requested: bool = True

    @property
    def action(self) -> str:
        """`add`, `upgrade`, `downgrade`, `reinstall` or `remove`."""
        from packaging.version import Version

        if not self.version or not self.previous:
            return "add" if self.version else "remove"
        before, after = Version(self.previous), Version(self.version)
        return "reinstall" if before == after else "upgrade" if before < after else "downgrade"


class PackageTool:
    """Installs and removes packages. Its methods raise InstallError where the tool fails.

    What to install is given in words: names with specifiers, paths, URLs, `--editable=FOLDER`.

    Args:
        listen: Hears each line that the tool prints.
        keep: Distributions and the versions that they must have afterwards.
        options: Options that pip and uv both have, such as `--no-index`.
        upgrade: Take the newest versions of what is named, even if others are installed.

    Attributes:
        reports: Whether it can tell what it would change, as pip can.

    Raises:
        InstallError: There is neither pip nor uv.
    """

    def __init__(
        self,
        listen: Callable[[str], None],
        keep: Mapping[str, str],
        options: Sequence[str] = (),
        upgrade: bool = False,
    ) -> None:
        self._listen, self._keep, self._options, self._upgrade = listen, keep, options, upgrade
        self.reports = importlib.util.find_spec("pip") is not None
        self._uv = "" if self.reports else shutil.which("uv")
        if self._uv is None:
            hint = f"Type: {sys.executable} -m ensurepip"
            raise InstallError("There is neither pip in this environment nor uv on the path.", hint)

    def plan(self, words: Sequence[str]) -> list[Change]:
        """What installing `words` changes; empty with uv, which prints it and has no report."""
        if self._uv:
            self._install(words, "--dry-run", *self._newest(words))
            return []
        changes = self._report(words, *self._newest(words))
        places = [word for word in words if _is_place(word)]
        if len(places) > sum(bool(change.source) for change in changes):
            # pip passes over another commit or file of the version that is installed.
            named = {change.name for change in changes}
            again = self._report(places, *_ALONE)
            changes += [change for change in again if change.name not in named]
        return changes

    def install(self, words: Sequence[str], plan: Iterable[Change]) -> None:
        """Install `words`; pip installs just what is planned."""
        if self._uv:
            self._install(words, *self._newest(words))
            return
        # The places as they were given: pip's report leaves passwords out of them.
        exact = [
            change.source or f"{change.name}=={change.version}"
            for change in plan
            if change.version and not (change.source and change.requested)
        ]
        self._install([*exact, *filter(_is_place, words)], *_ALONE)

    def uninstall(self, names: Sequence[str]) -> None:
        """Remove distributions."""
        self._run("uninstall", *([] if self._uv else ["--yes"]), *names)

    def check(self) -> None:
        """Let the tool say what no longer fits together, if anything."""
        with contextlib.suppress(InstallError):
            self._run("check")

    def _newest(self, words: Sequence[str]) -> list[str]:
        # uv's --upgrade is for everything, pip's for what is named.
        named = [f"--upgrade-package={word}" for word in words] if self._uv else ["--upgrade"]
        return named if self._upgrade else []

    def _report(self, words: Sequence[str], *options: str) -> list[Change]:
        with tempfile.TemporaryDirectory(prefix="genzoo-") as folder:
            file = Path(folder) / "report.json"
            file.write_text('{"install": []}')
            self._install(words, "--dry-run", f"--report={file}", *options)
            found, versions = json.loads(file.read_text("utf-8")), installed_versions()
        changes = [_change(item, versions) for item in found["install"]]
        return sorted(changes, key=lambda change: (not change.requested, change.name))

    def _install(self, words: Sequence[str], *options: str) -> None:
        with tempfile.TemporaryDirectory(prefix="genzoo-") as folder:
            file = Path(folder) / "constraints.txt"
            lines = [f"{name}=={version}\n" for name, version in self._keep.items()]
            file.write_text("".join(lines), encoding="utf-8")
            if words:
                self._run("install", *options, *self._options, f"--constraint={file}", *words)

    def _run(self, action: str, *words: str) -> None:
        # -P: a folder of that name in the working directory is not pip.
        tool = [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", action]
        if self._uv:
            tool = [self._uv, "pip", action, "--python", sys.executable]
        last = ""
        with subprocess.Popen(
            [*tool, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                last = line.strip() or last
                self._listen(line.rstrip())
        if process.returncode:
            hint = "What needs another torch, torchvision or genzoo needs its own environment."
            raise InstallError(f"{'uv' if self._uv else 'pip'} ended with: {last}", hint)


def _change(item: Mapping[str, Any], versions: Mapping[str, str]) -> Change:
    name, origin = normalise(item["metadata"]["name"]), item["download_info"]
    source = pinned_url(origin) if item.get("is_direct") else ""
    version, requested = item["metadata"]["version"], bool(item.get("requested"))
    return Change(name, version, versions.get(name, ""), source, requested)


def _is_place(word: str) -> bool:
    """Whether a word says where a package lies, and not just what it is called."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(word).url is not None
    except InvalidRequirement:
        return True
