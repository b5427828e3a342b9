"""Finding the tensors of a file that are the model's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from torch import Tensor, equal

from genzoo import Blueprint, GenzooError, UsageError, unknown_name
from genzoo_import.match_layers import Match, Shapes, is_counter, match
from genzoo_import.weight_files import Source

MAX_GROUPS = 10_000
MAX_DEPTH = 12

Group = dict[str, str]
"""Names in the file by what follows the group's prefix."""

_WORD = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


@dataclass(frozen=True)
class Target:
    """A model to fill.

    Attributes:
        blueprint: What it is, with what the weights told added.
        prefix: What all names of its tensors begin with.
        shapes: Shapes of its tensors, by name without the prefix, in order.
    """

    blueprint: Blueprint
    prefix: str
    shapes: dict[str, tuple[int, ...]]


class Targets:
    """The models that different shapes of weights lead to; each is built once, without values."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._known: dict[str, Target] = {}

    def of(self, shapes: Shapes) -> Target:
        """The model for weights of these shapes.

        Raises:
            GenzooError: There is none: a value out of bounds, samples that it cannot model.
        """
        told = self._blueprint.informed(shapes)
        key = json.dumps([told.config, told.options], sort_keys=True, default=str)
        if key not in self._known:
            every = told.shapes()
            prefix = _common_prefix(list(every))
            inside = {name[len(prefix) :]: shape for name, shape in every.items()}
            self._known[key] = Target(told, prefix, inside)
        return self._known[key]


@dataclass(frozen=True)
class Candidate:
    """A group of a file's tensors, and how they fit.

    Attributes:
        prefix: What their names begin with.
        target: The model that their shapes lead to.
        match: With names as they are in the file.
    """

    prefix: str
    target: Target
    match: Match

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Greater is better: little missing, little unused, no doubt, many matched."""
        match = self.match
        return -len(match.missing), -len(match.unused), -len(match.doubtful), len(match.pairs)


def find_best(
    source: Source,
    blueprint: Blueprint,
    prefix: str,
    renames: Mapping[str, str],
    ignore_unused: bool,
) -> Candidate:
    """The group of tensors that fits best. Whether it fits at all is still to be asked.

    Raises:
        UsageError: Several groups fit equally well and differ.
        GenzooError: Nothing fits, and of some group a model was recognised that cannot be built.
    """
    names = under(source.tensors, prefix) if prefix else list(source.tensors)
    candidates, failure = _candidates(source, names, blueprint, prefix, renames)
    fitting = [one for one in candidates if one.match.complete and not one.match.doubtful]
    if failure and not fitting:
        raise failure
    exact = [one for one in fitting if one.match.exact]
    chosen = exact or (fitting if ignore_unused else [])
    if not chosen:
        return max(candidates, key=lambda one: one.rank)
    _refuse_choice(source, chosen)
    return max(chosen, key=lambda one: one.rank)


def _candidates(
    source: Source, names: list[str], blueprint: Blueprint, prefix: str, renames: Mapping[str, str]
) -> tuple[list[Candidate], GenzooError | None]:
    targets = Targets(blueprint)
    found: list[Candidate] = []
    failure: GenzooError | None = None
    for beginning, group in sorted(groups(names).items(), key=lambda item: -len(item[1])):
        shapes = {end: tuple(source.tensors[name].shape) for end, name in group.items()}
        try:
            target = targets.of(shapes)
            pinned = pin(renames, names, target.shapes, prefix)
        except GenzooError as error:
            failure = failure or error
            continue
        enough = not found or len(group) >= _least(target)
        if enough and set(pinned.values()) <= set(group.values()):
            outcome = match(target.shapes, shapes, _ends(pinned, group), source.ordered)
            found.append(Candidate(beginning, target, _renamed(outcome, group, beginning)))
    return found, failure


def _common_prefix(names: list[str]) -> str:
    """`parts.NAME.` if all tensors are of one part, `parts.` if all are of parts."""
    for depth in (2, 1):
        heads = {tuple(name.split(".")[:depth]) for name in names}
        if len(heads) == 1:
            return "".join(f"{word}." for word in heads.pop())
    return ""


def _least(target: Target) -> int:
    """As many tensors a group must hold, a batch norm's counters aside."""
    return sum(not is_counter(name) for name in target.shapes)


def _ends(pinned: Mapping[str, str], group: Group) -> dict[str, str]:
    ends = {name: end for end, name in group.items()}
    return {target: ends[name] for target, name in pinned.items()}


def _renamed(outcome: Match, group: Group, prefix: str) -> Match:
    """With the names of the whole file."""
    start = f"{prefix}." if prefix else ""
    return Match(
        pairs={name: group[end] for name, end in outcome.pairs.items()},
        missing=outcome.missing,
        unused=tuple(group[end] for end in outcome.unused),
        doubtful=tuple(f"{start}{layer}" for layer in outcome.doubtful),
        counters=outcome.counters,
    )


def _refuse_choice(source: Source, chosen: list[Candidate]) -> None:
    """Refuse to choose between groups that fit and hold other values."""
    first = chosen[0]
    others = [one for one in chosen if not _same(first, one, source.tensors)]
    if not others:
        return
    prefixes = [one.prefix for one in (first, *others)]
    # What a file calls its tensors goes into a command only where it is a plain word.
    example = f": --prefix {prefixes[0]}" if _WORD.fullmatch(prefixes[0]) else " with --prefix"
    raise UsageError(
        f"'{source.path}' holds {len(prefixes)} sets of weights that fit: {', '.join(prefixes)}.",
        f"Choose one{example}.",
    )


def _same(first: Candidate, second: Candidate, tensors: Mapping[str, Tensor]) -> bool:
    return first.match.pairs.keys() == second.match.pairs.keys() and all(
        second.match.pairs[name] == key or equal(tensors[key], tensors[second.match.pairs[name]])
        for name, key in first.match.pairs.items()
    )


def under(names: Iterable[str], prefix: str) -> list[str]:
    """The names that begin with a prefix.

    Raises:
        UnknownNameError: None does.
    """
    every = list(names)
    chosen = [name for name in every if name.startswith(f"{prefix.rstrip('.')}.")]
    chosen = chosen or [name for name in every if name.startswith(prefix)]
    if not chosen:
        tops = {name.partition(".")[0] for name in every}
        raise unknown_name("group of tensors in the file", prefix, tops)
    return chosen


def groups(names: Iterable[str]) -> dict[str, Group]:
    """Every group of names that share their beginning up to a dot, by that beginning.

    `""` is the group of them all.

    Raises:
        UsageError: There are too many to try them all.
    """
    members: dict[str, Group] = {"": {}}
    for name in names:
        members[""][name] = name
        for position in _dots(name):
            members.setdefault(name[:position], {})[name[position + 1 :]] = name
        if len(members) > MAX_GROUPS:
            raise UsageError(
                f"The file holds over {MAX_GROUPS:,} groups of tensors, too many to try.",
                "Say which with --prefix.",
            )
    return members


def _dots(name: str) -> Iterator[int]:
    return islice((place for place, sign in enumerate(name) if sign == "."), MAX_DEPTH)


def pin(
    renames: Mapping[str, str], found: Iterable[str], expected: Iterable[str], prefix: str = ""
) -> dict[str, str]:
    """Names in the file by names in the model.

    Args:
        renames: Names in the model by names in the file, of tensors or of whole layers.
        found: All names in the file.
        expected: All names in the model.
        prefix: What the names in the file may be given without.

    Raises:
        UnknownNameError: A name that the file or the model lacks.
        UsageError: Two tensors are to be the same one.
    """
    known, wanted = list(found), set(expected)
    pinned: dict[str, str] = {}
    for old, new in renames.items():
        ends = _names_in(old, known) or _names_in(f"{prefix.rstrip('.')}.{old}", known)
        if not ends:
            raise unknown_name("tensor or layer in the file", old, known)
        for end, name in ends.items():
            target = f"{new}{end}"
            if target not in wanted:
                raise unknown_name("tensor in the model", target, wanted)
            if target in pinned:
                raise UsageError(f"{pinned[target]} and {name} are both to be {target}.")
            pinned[target] = name
    return pinned


def _names_in(old: str, known: list[str]) -> dict[str, str]:
    """The names that are `old` or in the layer `old`, by what follows it."""
    inside = (name for name in known if name == old or name.startswith(f"{old}."))
    return {name[len(old) :]: name for name in inside}
