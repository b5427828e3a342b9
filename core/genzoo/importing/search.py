"""Finding the tensors of a file that are the model's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, equal

from genzoo.errors import GenzooError, UsageError
from genzoo.importing.groups import Group, groups, under
from genzoo.importing.match import Match, is_counter, match
from genzoo.importing.rename import pin
from genzoo.importing.source import Source
from genzoo.importing.target import Target, Targets, Wish

_WORD = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


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
    source: Source, wish: Wish, prefix: str, renames: Mapping[str, str], ignore_unused: bool
) -> Candidate:
    """The group of tensors that fits best. Whether it fits at all is still to be asked.

    Raises:
        UsageError: Several groups fit equally well and differ.
        GenzooError: Nothing fits, and of some group a model was recognised that cannot be built.
    """
    names = under(source.tensors, prefix) if prefix else list(source.tensors)
    candidates, failure = _candidates(source, names, wish, prefix, renames)
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
    source: Source, names: list[str], wish: Wish, prefix: str, renames: Mapping[str, str]
) -> tuple[list[Candidate], GenzooError | None]:
    targets = Targets(wish)
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
