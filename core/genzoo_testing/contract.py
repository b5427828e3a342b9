"""The contract as test classes: inherit from one, name what is yours, and run pytest.

pytest is not imported: it finds the methods by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from genzoo.plugins.manager import PluginManager, default_manager
from genzoo.records import ArchitectureSpec, ObjectiveSpec
from genzoo_testing.check import Check, Result
from genzoo_testing.check_targets import ArchitectureSubject, PairSubject
from genzoo_testing.find_plugin import find_plugin
from genzoo_testing.runner import (
    ARCHITECTURE_CHECKS,
    PAIR_CHECKS,
    applies,
    objectives_for,
    plan,
)


class PluginContract:
    """Everything that a plugin registers: one test for each check.

    Attributes:
        package: An installed distribution, e.g. `genzoo-flow`.
    """

    package: ClassVar[str]

    def manager(self) -> PluginManager:
        """The loaded plugins."""
        return default_manager()

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """One test for each check of each subject."""
        if "subject_and_check" in metafunc.fixturenames:
            groups = list(plan(find_plugin(self.package, self.manager())))
            cases = [(group.subject, check) for group in groups for check in group.checks]
            names = [f"{subject.name}: {check.name}" for subject, check in cases]
            metafunc.parametrize("subject_and_check", cases, ids=names)

    def test_contract(self, subject_and_check: tuple[Any, Check[Any]]) -> None:
        """The check holds, or there is nothing to check."""
        subject, check = subject_and_check
        if applies(subject):
            require(check.run(subject))


class ArchitectureContract:
    """One architecture, alone and with each objective that it fits: a method for each check.

    Attributes:
        architecture: Its name, e.g. `genzoo-flow/realnvp`.
        objectives: Names of objectives; by default its own, those of its distribution and
            genzoo's.
        kind: Content kind of its samples; by default the first one of its record.
        config: Values of its config; by default those of its record, or made small.
        sample: Fields of the samples' contract; by default the smallest usual one that it takes.
    """

    architecture: ClassVar[str]
    objectives: ClassVar[Sequence[str]] = ()
    kind: ClassVar[str] = ""
    config: ClassVar[Mapping[str, Any] | None] = None
    sample: ClassVar[Mapping[str, Any] | None] = None

    def manager(self) -> PluginManager:
        """The loaded plugins."""
        return default_manager()

    def subject(self) -> ArchitectureSubject:
        """What is checked."""
        registry = self.manager().registry
        entry = registry[ArchitectureSpec].find(self.architecture)
        kind = self.kind or entry.record.kinds[0]
        return ArchitectureSubject(registry, entry, kind, self.config, self.sample)

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """The checks of training are run with each objective."""
        if "objective" in metafunc.fixturenames:
            subject = self.subject()
            names = self.objectives or objectives_for(subject.registry, subject.entry)
            metafunc.parametrize("objective", names)


def require(result: Result) -> None:
    """Raise an AssertionError where a check does not hold."""
    if not result.ok:
        raise AssertionError(
            f"{result.subject}: {result.detail}\nWhy it matters: {result.why}\n"
            f"Where to look: {result.where}"
        )


def _of_architecture(check: Check[ArchitectureSubject]) -> Callable[[ArchitectureContract], None]:
    def test(self: ArchitectureContract) -> None:
        require(check.run(self.subject()))

    return test


def _of_pair(check: Check[PairSubject]) -> Callable[[ArchitectureContract, str], None]:
    def test(self: ArchitectureContract, objective: str) -> None:
        architecture = self.subject()
        entry = architecture.registry[ObjectiveSpec].find(objective)
        pair = PairSubject(architecture, entry, architecture.entry.distribution)
        if applies(pair):
            require(check.run(pair))

    return test


for _check in ARCHITECTURE_CHECKS:
    setattr(ArchitectureContract, f"test_{_check.name.replace('-', '_')}", _of_architecture(_check))
for _pair_check in PAIR_CHECKS:
    setattr(
        ArchitectureContract, f"test_{_pair_check.name.replace('-', '_')}", _of_pair(_pair_check)
    )
