"""Phases and the terms that they minimise."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from genzoo.interfaces.objective import Phase, Term
from genzoo.interfaces.training_step import Step
from genzoo.training.components import Session
from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import BATCH, PairSubject, make_step
from genzoo_testing.source_location import source_of

ROUNDS = 3
"""Batches, a training step apart, that a term may take to show a gradient."""


class WatchedParts(dict[str, nn.Module]):
    """Parts by name that remember which were asked for."""

    def __init__(self, parts: dict[str, nn.Module]) -> None:
        super().__init__(parts)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> nn.Module:
        self.asked.add(name)
        return super().__getitem__(name)


@check(
    "phases",
    "The record decides which architectures an objective is offered for: one that trains or uses "
    "other parts fails in the middle of a run.",
)
def phases(subject: PairSubject) -> str:
    """The parts that phases train and use are those that the record requires."""
    if subject.refusal:
        raise ContractError(f"An architecture's own objective refuses it: {subject.refusal}")
    session = subject.open_session()
    own = set(session.task.objective.parts())
    watched = WatchedParts(dict(session.parts))
    trained: set[str] = set()
    for phase in session.engine.phases:
        trained |= set(phase.trains)
        step = make_step(session)
        step.parts = watched
        phase.loss(step)
    needed, required = (trained | watched.asked) - own, set(subject.objective.record.requires)
    if needed - required:
        raise ContractError(f"It uses {_names(needed - required)}, which `requires` does not name.")
    if required - needed:
        raise ContractError(f"`requires` names {_names(required - needed)}, which no phase uses.")
    untouched = set(session.parts) - trained
    rest = f"; {_names(untouched)} stay as they are" if untouched else ""
    return f"{', '.join(phase.name for phase in session.engine.phases)}{rest}"


@check(
    "losses",
    "The core takes the means: a loss that comes reduced, or as (N, 1), weighs dimensions and "
    "batches by accident.",
)
def losses(subject: PairSubject) -> str:
    """Every term is one finite number for each sample, (N,)."""
    names = []
    session = subject.open_session()
    for phase, name, term in _terms(session, make_step(session)):
        where = source_of(phase.loss)
        title = f"Term '{name}' of phase '{phase.name}'"
        if tuple(term.value.shape) != (BATCH,):
            shape = tuple(term.value.shape)
            raise ContractError(
                f"{title} has shape {shape} for {BATCH} samples, not ({BATCH},).", where
            )
        if not bool(torch.isfinite(term.value).all()):
            raise ContractError(f"{title} is not finite.", where)
        names.append(f"{phase.name}/{name}")
    return ", ".join(names)


@check(
    "terms",
    "A term without a gradient shows a number in the log and trains nothing, as a loss under "
    "`no_grad` does.",
)
def terms(subject: PairSubject) -> str:
    """Every term with a weight has a gradient for the parts that its phase trains."""
    alive: dict[str, bool] = {}
    places: dict[str, str] = {}
    with subject.trainer() as trainer:
        session = trainer.session
        for number in range(ROUNDS):
            trainer.advance(min(number, 1))
            for phase, name, term in _terms(session, make_step(session, number, number)):
                title = f"{phase.name}/{name}"
                places[title] = source_of(phase.loss)
                if term.weight:
                    alive[title] = alive.get(title, False) or _has_gradient(session, phase, term)
    dead = [title for title, lives in alive.items() if not lives]
    if dead:
        raise ContractError(f"Without any gradient: {', '.join(dead)}.", places[dead[0]])
    idle = [title for title in places if title not in alive]
    return f"{len(alive)} terms" + (f", weight 0: {', '.join(idle)}" if idle else "")


def _terms(session: Session, step: Step) -> Iterator[tuple[Phase, str, Term]]:
    """Every term of every phase, whether or not the phase is due."""
    for phase in session.engine.phases:
        returned = phase.loss(step)
        if not returned:
            raise ContractError(f"Phase '{phase.name}' returned no terms.", source_of(phase.loss))
        for name, value in returned.items():
            yield phase, name, value if isinstance(value, Term) else Term(value)


def _has_gradient(session: Session, phase: Phase, term: Term) -> bool:
    if not term.value.requires_grad:
        return False
    gradients: tuple[Tensor | None, ...] = torch.autograd.grad(
        term.value.float().mean(),
        trainable(session, phase),
        allow_unused=True,
        retain_graph=True,
    )
    return any(gradient is not None and bool(gradient.any()) for gradient in gradients)


def trainable(session: Session, phase: Phase) -> list[Tensor]:
    """The parameters that a phase moves."""
    parts = (session.parts[name] for name in phase.trains)
    return [p for part in parts for p in part.parameters() if p.requires_grad]


def _names(parts: set[str]) -> str:
    return " and ".join(sorted(parts))
