"""Which checks a plugin is due, and running them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from genzoo.plugins.manager import PluginManager
from genzoo.records import ArchitectureSpec, KindSpec, ObjectiveSpec, PriorSpec
from genzoo.registry import Entry, Registry
from genzoo_testing import config_checks as configs
from genzoo_testing import gradient_checks as gradients
from genzoo_testing import inverse_checks as inverses
from genzoo_testing import kind_checks as kinds
from genzoo_testing import label_checks as labels
from genzoo_testing import network_checks as builds
from genzoo_testing import phase_checks as phases
from genzoo_testing import prior_checks as priors
from genzoo_testing import record_checks as records
from genzoo_testing import registration_checks as registration
from genzoo_testing import sampling_checks as sampling
from genzoo_testing import save_checks as persistence
from genzoo_testing.check import Check, Result
from genzoo_testing.check_targets import (
    ArchitectureSubject,
    PairSubject,
    PluginSubject,
    RecordSubject,
)
from genzoo_testing.find_plugin import find_plugin

PLUGIN_CHECKS: tuple[Check[PluginSubject], ...] = (
    registration.loads,
    registration.light_registration,
    registration.light_configs,
)
RECORD_CHECKS: tuple[Check[RecordSubject], ...] = (records.record,)
CONFIG_CHECKS: tuple[Check[RecordSubject], ...] = (configs.config_json, configs.config_documented)
PRIOR_CHECKS: tuple[Check[RecordSubject], ...] = (priors.prior_fits,)
KIND_CHECKS: tuple[Check[RecordSubject], ...] = (kinds.kind_keeps_samples,)
ARCHITECTURE_CHECKS: tuple[Check[ArchitectureSubject], ...] = (
    builds.builds,
    records.references,
    configs.tiny_config_json,
    builds.outputs,
    inverses.inverse,
    labels.labels,
    sampling.sampling_changes_nothing,
    sampling.sampling_independent_of_batch,
    sampling.sampling_options,
    persistence.save_and_load,
)
PAIR_CHECKS: tuple[Check[PairSubject], ...] = (
    phases.phases,
    phases.losses,
    phases.terms,
    gradients.gradients,
    gradients.isolation,
    persistence.resume,
)
ALL_CHECKS: tuple[Check[Any], ...] = (
    *PLUGIN_CHECKS,
    *RECORD_CHECKS,
    *CONFIG_CHECKS,
    *PRIOR_CHECKS,
    *KIND_CHECKS,
    *ARCHITECTURE_CHECKS,
    *PAIR_CHECKS,
)


@dataclass(frozen=True, eq=False)
class Group:
    """A subject with its checks; where the first fails, the others mean nothing.

    Attributes:
        after: The group whose first check must hold.
    """

    subject: Any
    checks: tuple[Check[Any], ...]
    after: Group | None = None


def check_plugin(
    package: str, manager: PluginManager, tell: Callable[[Result], None] = lambda result: None
) -> list[Result]:
    """Check everything that a plugin registers.

    A check that an earlier failure makes meaningless is left out.

    Args:
        package: An installed distribution, a project's folder or a module.
        manager: The loaded plugins.
        tell: Hears of each result.

    Raises:
        UsageError: There is no such plugin.
    """
    failed: set[Group] = set()
    results: list[Result] = []
    for group in plan(find_plugin(package, manager)):
        if group.after in failed or not applies(group.subject):
            failed |= {group} if group.after in failed else set()
            continue
        for check in group.checks:
            results.append(check.run(group.subject))
            tell(results[-1])
            if check is group.checks[0] and not results[-1].ok:
                failed.add(group)
                break
    return results


def applies(subject: Any) -> bool:
    """Whether there is anything to check: false where an objective refuses another's networks."""
    if not isinstance(subject, PairSubject) or subject.is_own:
        return True
    try:
        return not subject.refusal
    except Exception:
        # That it fails is a finding, and the checks report it.
        return True


def plan(plugin: PluginSubject) -> Iterator[Group]:
    """The groups of checks that a plugin is due, in an order that respects `after`."""
    whole = Group(plugin, PLUGIN_CHECKS)
    yield whole
    sound: dict[str, Group] = {}
    for entry in _own(plugin):
        subject = RecordSubject(plugin.registry, entry)
        group = Group(subject, (*RECORD_CHECKS, *_further(entry)), whole)
        sound[f"{entry.record.what} {entry.full_name}"] = group
        yield group
    built: dict[tuple[str, str], Group] = {}
    for architecture in _architectures(plugin.registry):
        name, entry = architecture.entry.full_name, architecture.entry
        if entry.distribution == plugin.distribution:
            group = Group(architecture, ARCHITECTURE_CHECKS, sound[f"architecture {name}"])
            built[name, architecture.kind] = group
            yield group
        for objective in plugin.registry[ObjectiveSpec].values():
            if belongs(plugin.distribution, plugin.registry, entry, objective):
                pair = PairSubject(architecture, objective, plugin.distribution)
                yield Group(pair, PAIR_CHECKS, built.get((name, architecture.kind), whole))


def belongs(
    distribution: str,
    registry: Registry,
    architecture: Entry[ArchitectureSpec],
    objective: Entry[ObjectiveSpec],
) -> bool:
    """Whether a pair is a distribution's business.

    One of the two is its own; the other too, or genzoo's, or they are meant for each other.
    """
    fits = set(objective.record.requires) <= set(architecture.record.parts)
    both = {architecture.distribution, objective.distribution}
    meant = architecture.record.objective in (objective.record.name, objective.full_name)
    return distribution in both and ((fits and both <= {distribution, "genzoo"}) or meant)


def _further(entry: Entry[Any]) -> tuple[Check[RecordSubject], ...]:
    of_configs = CONFIG_CHECKS if getattr(entry.record, "config", "") else ()
    if isinstance(entry.record, PriorSpec):
        return (*of_configs, *PRIOR_CHECKS)
    if isinstance(entry.record, KindSpec):
        return (*of_configs, *KIND_CHECKS)
    return of_configs


def _own(plugin: PluginSubject) -> Iterator[Entry[Any]]:
    for catalogue in plugin.registry.catalogues():
        yield from (e for e in catalogue.values() if e.distribution == plugin.distribution)


def _architectures(registry: Registry) -> Iterator[ArchitectureSubject]:
    for entry in registry[ArchitectureSpec].values():
        for kind in entry.record.kinds:
            yield ArchitectureSubject(registry, entry, kind)


def objectives_for(registry: Registry, architecture: Entry[ArchitectureSpec]) -> list[str]:
    """Full names of the objectives that an architecture is checked with."""
    return [
        objective.full_name
        for objective in registry[ObjectiveSpec].values()
        if belongs(architecture.distribution, registry, architecture, objective)
    ]
