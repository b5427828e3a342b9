"""Where a command writes: never over what is not genzoo's, nor over what it reads."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genzoo.cli.printing import output
from genzoo.errors import UsageError
from genzoo.interfaces.kind import Kind
from genzoo.system.cache_folder import cache_root

STREAM = "-"
"""Standard output; `-.npz` is the same in another form."""


@dataclass(frozen=True)
class Destination:
    """A file or folder that a command makes, or standard output.

    Args:
        path: As typed: `-` is standard output.
        ending: Form of what is written to standard output, unless `path` names one.
        inputs: Files and folders that the command reads; names that are none are passed over.
        lines: Whether what is written in the form of `ending` is a line for each sample.
    """

    path: Path
    ending: str
    inputs: tuple[str | Path | None, ...] = ()
    lines: bool = False
    _kept: list[str] = field(default_factory=list, repr=False)

    @property
    def streamed(self) -> bool:
        """Whether it is standard output."""
        return str(self.path) == STREAM or (
            self.path.name == str(self.path) and str(self.path).startswith(f"{STREAM}.")
        )

    @property
    def named(self) -> Path:
        """A path whose ending says what to write."""
        return Path(f"{STREAM}{self.ending}") if str(self.path) == STREAM else self.path

    def check(self) -> None:
        """Refuse, before any work is done, to write what would be lost or unreadable.

        Raises:
            UsageError: There is something that genzoo did not write, it is also read, or standard
                output shows other things too.
        """
        if not self.streamed:
            refuse_loss(self.path, self.inputs)
        elif output().json and not self._in_answer:
            raise UsageError(
                "--json and -o - would both write to standard output.", "Leave one of them out."
            )
        elif sys.stdout.isatty() and self.named.suffix != ".txt":
            raise UsageError(
                f"A {self.named.suffix} file is not shown in a terminal.",
                "Name a file with -o, or write to one with > or to a program with |.",
            )

    @contextmanager
    def open(self) -> Iterator[Path]:
        """The path to write to. What is there at the end is delivered and remembered."""
        if not self.streamed:
            yield self.path
            remember(self.path)
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"output{self.named.suffix}"
            yield path
            # Processes that do not lead have written none.
            if path.is_file() and output().json:
                self._kept.extend(path.read_text("utf-8").splitlines())
            elif path.is_file():
                sys.stdout.flush()
                with path.open("rb") as file:
                    shutil.copyfileobj(file, sys.stdout.buffer)
                sys.stdout.buffer.flush()

    @property
    def _in_answer(self) -> bool:
        """Whether --json has the samples themselves."""
        return self.lines and self.streamed and self.named.suffix == self.ending

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Say what was made, unless it went to standard output itself."""
        if self.streamed and output().json:
            output().result({**facts, "samples": self._kept}, "")
        elif not self.streamed:
            output().result({**facts, "path": str(self.path)}, str(self.path))


def sample_destination(
    out: Path | None,
    kind: Kind,
    model: str,
    suffix: str,
    inputs: tuple[str | Path | None, ...] = (),
) -> Destination:
    """Where a command writes samples of `kind`.

    Args:
        out: As typed. By default a file named after the model; standard output where samples are
            lines of text.
        kind: What is written.
        model: As typed.
        suffix: What tells the file from those of other commands.
        inputs: As for `Destination`.
    """
    ending = kind.endings[0]
    usual = Path(STREAM) if kind.printed else default_path(model, f"{suffix}{ending}")
    return Destination(out or usual, ending, inputs, kind.printed)


def default_path(model: str, ending: str) -> Path:
    """A file in the working directory named after the model: `peeps-gan` and `-seed0.png`."""
    name = re.split(r"[/\\]", model.rstrip("/\\"))[-1].partition("@")[0]
    return Path(f"{re.sub(r'[^A-Za-z0-9._-]', '_', name).strip('.') or 'model'}{ending}")


def refuse_loss(path: Path, inputs: Iterable[str | Path | None] = ()) -> None:
    """Refuse to write over what genzoo did not write itself, or over what is read.

    A file that genzoo wrote and that nobody has changed since is written anew. A folder must be
    new or empty.

    Raises:
        UsageError: `path` is such a thing.
    """
    try:
        facts = path.stat()
    except OSError:
        return
    for given in inputs:
        if given is not None and os.path.exists(given) and path.samefile(given):  # noqa: PTH110
            raise UsageError(
                f"'{path}' would be read and written over.", "Choose another place with -o."
            )
    if stat.S_ISDIR(facts.st_mode):
        if any(path.iterdir()):
            raise UsageError(
                f"'{path}' is a folder that holds something already.",
                "Choose a new or an empty one with -o.",
            )
    elif not stat.S_ISREG(facts.st_mode):
        raise UsageError(f"'{path}' is not a file.", "Choose another place with -o.")
    elif _note_of(path) != _state(facts):
        raise UsageError(
            f"'{path}' is there already, and is not known to be genzoo's.",
            "Choose another place with -o, or move it away.",
        )


def remember(path: Path) -> None:
    """Keep in genzoo's cache that it wrote this file, as it is now."""
    with suppress(OSError):
        if path.is_file():
            note = _note(path)
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(_state(path.stat()))


def _note_of(path: Path) -> str:
    with suppress(OSError, ValueError):
        return _note(path).read_text()
    return ""


def _note(path: Path) -> Path:
    return cache_root() / "written" / hashlib.sha256(os.fsencode(path.resolve())).hexdigest()


def _state(facts: os.stat_result) -> str:
    return f"{facts.st_size} {facts.st_ino} {facts.st_mtime_ns}"
