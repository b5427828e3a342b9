"""One check of the contract, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import torch

from genzoo.errors import PluginError
from genzoo.plugin_safety.plugin_errors import contained
from genzoo_testing.source_location import frame_of


class Subject(Protocol):
    """What a check looks at."""

    @property
    def name(self) -> str:
        """What it is called in reports, e.g. `architecture dcgan`."""

    @property
    def where(self) -> str:
        """Where its code is, `file:line`."""

    @property
    def modules(self) -> frozenset[str]:
        """Top-level modules of the plugin's code."""


S = TypeVar("S", bound=Subject)


class ContractError(PluginError):
    """The contract does not hold.

    Args:
        detail: What was found, in a sentence.
        where: Where to look, `file:line`; by default where the subject's code begins.
    """

    def __init__(self, detail: str, where: str = "") -> None:
        super().__init__(detail)
        self.where = where


@dataclass(frozen=True)
class Result:
    """What came of one check.

    Attributes:
        subject: What was looked at.
        check: Name of the check.
        ok: Whether it holds.
        detail: What was found.
        why: Why it matters.
        where: Where to look, `file:line`.
    """

    subject: str
    check: str
    ok: bool
    detail: str
    why: str
    where: str


@dataclass(frozen=True)
class Check(Generic[S]):
    """Something that must hold.

    Attributes:
        name: Lower case with dashes, unique.
        why: Why it matters, in a sentence.
        find: Returns what it found, in words; raises where the contract does not hold.
    """

    name: str
    why: str
    find: Callable[[S], str]

    def run(self, subject: S) -> Result:
        """Run it. Never raises for the subject's sake, but for Ctrl-C."""
        try:
            with one_thread(), contained("it raised an error"):
                return self._result(subject, True, self.find(subject), subject.where)
        except PluginError as error:
            where = (
                error.where
                if isinstance(error, ContractError)
                else frame_of(error, subject.modules)
            )
            return self._result(subject, False, str(error), where or subject.where)

    def _result(self, subject: S, ok: bool, detail: str, where: str) -> Result:
        return Result(subject.name, self.name, ok, detail, self.why, where)


def check(name: str, why: str) -> Callable[[Callable[[S], str]], Check[S]]:
    """Make a check of a function."""
    return lambda find: Check(name, why, find)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one processor: for networks this small, threads wait longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
