"""Environments of their own to install packages into for real, without a network.

Each sees the packages of the running one (torch is not installed again) through a `.pth` file, and
what is installed into it stays in it.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent


@dataclass(frozen=True)
class Environment:
    """A virtual environment at `path`."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> Environment:
        """Make one that sees the running environment's packages."""
        venv.create(path, symlinks=True)
        environment = cls(path)
        outer = sysconfig.get_paths()["purelib"]
        line = f"import site; site.addsitedir({outer!r})\n"
        (environment.site_packages / "outer.pth").write_text(line)
        return environment

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.path / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        """Where its packages lie."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.path / "lib" / version / "site-packages"

    def install(self, *packages: str | Path) -> None:
        """Install wheels or project folders with pip, without dependencies or an index."""
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        command += ["--no-index", "--no-deps", "--no-build-isolation", *map(str, packages)]
        subprocess.run(command, check=True)

    def run(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run its Python with `arguments`; output is captured, the exit code left to the caller."""
        return subprocess.run(
            [str(self.python), *map(str, arguments)],
            capture_output=True,
            text=True,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            check=False,
        )

    def genzoo(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the `genzoo` command in it."""
        code = "from genzoo.cli.main import main; main(prog_name='genzoo')"
        return self.run("-c", code, *arguments, env=env, cwd=cwd)


def write_wheel(
    folder: Path,
    name: str,
    files: Mapping[str, str | bytes],
    *,
    version: str = "1.0",
    requires: Sequence[str] = ("genzoo",),
    entry_points: Mapping[str, str] | None = None,
) -> Path:
    """A wheel of the distribution `name`.

    Args:
        folder: Where to put it.
        name: Of the distribution, e.g. `genzoo-flow`.
        files: Content by path, e.g. `genzoo_flow/__init__.py`; text is dedented.
        version: Of the distribution.
        requires: Its requirements.
        entry_points: Names to objects in the group `genzoo.plugins`; by default the first file's
            module, under its own name.
    """
    stem = f"{name.replace('-', '_')}-{version}"
    module = next(iter(files)).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    entries = {module: module} if entry_points is None else entry_points
    lines = "".join(f"{key} = {value}\n" for key, value in entries.items())
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    content = {
        path: dedent(data).encode() if isinstance(data, str) else data
        for path, data in files.items()
    }
    content[f"{stem}.dist-info/METADATA"] = metadata.encode()
    content[f"{stem}.dist-info/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    content[f"{stem}.dist-info/entry_points.txt"] = f"[genzoo.plugins]\n{lines}".encode()
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in content.items():
            archive.writestr(file, data)
        archive.writestr(f"{stem}.dist-info/RECORD", _record(content, stem))
    return path


def _record(content: Mapping[str, bytes], stem: str) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for file, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
        writer.writerow([file, f"sha256={digest.rstrip('=')}", len(data)])
    writer.writerow([f"{stem}.dist-info/RECORD", "", ""])
    return buffer.getvalue()
